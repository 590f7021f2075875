"""What the window remembers of its user: theme, recent projects, geometry."""
