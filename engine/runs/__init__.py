"""The run folder: what a tuning run leaves behind, and how a worker holds it; no torch."""
