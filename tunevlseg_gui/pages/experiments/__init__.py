"""Experiments of many runs: searches, tournaments, label budgets."""
