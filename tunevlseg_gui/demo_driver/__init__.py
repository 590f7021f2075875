"""Drives the real window through the demo with mouse and keyboard: for machines without a screen, and for tests."""
