"""A receipt within a DICOM SEG: parts that come back as they were."""

from __future__ import annotations

import pytest

from engine.volumes.dicom.seg_writing import PIECE, pieces_of


@pytest.mark.parametrize(
    "text", ["", "short", "x" * (PIECE - 2) + "  y z" + " " * 3 + "w" * PIECE, "a b, " * 9000 + "}"]
)
def test_no_part_ends_with_a_space_that_readers_would_strip(text: str) -> None:
    pieces = pieces_of(text)
    assert "".join(pieces) == text
    assert all(0 < len(piece) <= PIECE and not piece.endswith(" ") for piece in pieces)
