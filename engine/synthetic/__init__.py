"""Drawn worlds: scenes with phrases that train the starter model, and medical-like images to tune it on."""
