"""Installed base weights."""
