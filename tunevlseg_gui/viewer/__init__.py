"""Scans on the screen: slices through a colour table, masks over them. Only `slice_view` and `scan_viewer` know Qt."""
