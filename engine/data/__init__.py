"""From a folder of images and masks to batches: layouts, problems found, splits, slices, samples."""
