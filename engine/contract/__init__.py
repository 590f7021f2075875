"""What the window and the engine agree on; standard library only."""
