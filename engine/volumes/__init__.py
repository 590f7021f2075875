"""One scan file → a Volume on its grid, slices of it in display orientation, and a mask back onto the same grid."""
