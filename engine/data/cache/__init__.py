"""Slices decoded and resized once, kept as bytes in files that every epoch, run and trial maps into memory.

`cache_folder()/slices/SETTINGS/NAME.pack`: SETTINGS is a hash of everything that turns a case into rows (`key`), a pack
holds many rows of one length with their index (`pack`), a row is one slice (`row`). `filling` finds and adds rows,
`rows` reads them, `room` keeps the whole within its limit. Hashes and sizes only: no name, no path, no identifier.
"""
