"""Kinds of networks, one file each: how their weights are recognised and loaded; no torch before something is loaded."""
