"""A dataset: thumbnails, labels and phrases, splits, problems."""
