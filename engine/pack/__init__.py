"""Prompt packs: what a run learned, with what is needed to use it on the same base weights. No torch."""
