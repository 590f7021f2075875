"""Masks as surfaces in space: drawn by a process of its own, so that a graphics driver cannot end the window."""

FLAG = "--draw-surfaces"
"""A packaged window starts itself so as the process that draws."""
