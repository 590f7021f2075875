"""Masks corrected by hand: what changes, by which tools, and how each change is taken back. No Qt but in the tools."""
