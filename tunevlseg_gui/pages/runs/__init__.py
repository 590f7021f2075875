"""Runs: the table, the live curves, export."""
