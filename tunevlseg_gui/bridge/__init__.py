"""The window's only way to the engine: worker processes, started and heard on a thread of their own."""
