"""Kinds of networks, one file each: how weights are recognised and loaded; no torch before a load."""
