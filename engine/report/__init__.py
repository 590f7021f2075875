"""A report of runs as one HTML file that needs nothing else: no torch, no network, no names of patients."""
