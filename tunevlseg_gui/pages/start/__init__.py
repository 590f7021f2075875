"""First sight: the demo, recent projects, open something."""
