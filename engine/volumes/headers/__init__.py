"""File headers, parsed here so that sizes are checked before a native library believes them."""
