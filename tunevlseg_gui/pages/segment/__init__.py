"""Segment: open a scan, choose a model, type a phrase, look at the mask, save it."""
