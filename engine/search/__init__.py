"""Search: an Optuna study over the settings that a recipe declares as searchable, steerable while it runs."""
