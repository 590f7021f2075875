"""Phrases and the tokens that they become."""
