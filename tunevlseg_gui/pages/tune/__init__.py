"""The wizard that writes a recipe and starts a run."""
