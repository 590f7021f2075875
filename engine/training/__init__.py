"""Tuning: the loss, the metrics, the optimiser, the loop, and scores on a split."""
