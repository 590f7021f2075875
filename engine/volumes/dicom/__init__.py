"""DICOM: which files belong together, where their slices lie, and their pixels as numbers.

`files` and `entry` need the standard library alone; the rest imports pydicom, and is imported in the
reader child and where a DICOM SEG is written or compared.
"""
