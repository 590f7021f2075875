"""Forms drawn from the catalogue: one widget per kind of setting."""
