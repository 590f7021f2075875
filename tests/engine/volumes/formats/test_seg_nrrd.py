"""`.seg.nrrd`: the keys that 3D Slicer documents, layers where segments overlap, and the scan's own grid."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from engine.contract.errors import InputError, ScanUnreadable
from engine.volumes.formats.nrrd import RECEIPT_KEY
from engine.volumes.formats.seg_nrrd import SegNrrd
from engine.volumes.geometry import Geometry, max_corner_shift
from engine.volumes.headers.text_header import read_nrrd_header
from engine.volumes.reading import read_mask_here, read_scan_here
from engine.volumes.segments import NamedMask, Saving
from engine.volumes.terminology import UNSPECIFIED, Code, Term, term_of
from engine.volumes.volume import Volume
from engine.volumes.writing import write_mask, write_segments

SHAPE = (4, 6, 8)


def scan(header: bytes = b"", format: str = "elsewhere") -> Volume:
    turned, _ = np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))
    geometry = Geometry((0.7, 1.3, 2.9), (-101.123456789, 52.1, 733.3), tuple(float(v) for v in turned.ravel()))
    return Volume(np.zeros(SHAPE, np.int16), geometry, format=format, header=header)


def box(*corner: slice) -> np.ndarray:
    mask = np.zeros(SHAPE, bool)
    mask[corner] = True
    return mask


LEFT = NamedMask("left kidney", 1, box(slice(1, 3), slice(0, 2), slice(2, 5)), "#e69f00", term_of("left kidney"))
OVER = NamedMask('a "mass" \\ 腫瘤', 7, box(slice(2, 4), slice(1, 5), slice(3, 8)), "#0072b2", term_of("mass"))
APART = NamedMask("apart", 3, box(slice(0, 1), slice(0, 1), slice(0, 1)), "#ffffff")
EMPTY = NamedMask("nothing", 4, np.zeros(SHAPE, bool))


def test_the_keys_that_slicer_reads(tmp_path: Path) -> None:
    file = write_segments([LEFT, APART], tmp_path / "m.seg.nrrd", scan(), Saving())
    header = read_nrrd_header(file)
    known = header.pairs
    assert header.fields["kinds"] == "domain domain domain"
    assert known["Segmentation_SourceRepresentation"] == "Binary labelmap"
    assert known["Segmentation_ContainedRepresentationNames"] == "Binary labelmap|"
    assert known["Segmentation_ReferenceImageExtentOffset"] == "0 0 0"
    assert known["Segment0_Name"] == "left kidney"
    assert [known[f"Segment{i}_LabelValue"] for i in (0, 1)] == ["1", "3"]
    assert [known[f"Segment{i}_Layer"] for i in (0, 1)] == ["0", "0"]
    assert known["Segment0_Extent"] == "2 4 0 1 1 2"
    assert known["Segment0_Color"] == "0.901961 0.623529 0"
    assert known["Segment0_ID"] != known["Segment1_ID"]
    entry = re.search(r"TerminologyEntry:([^|]*)\|", known["Segment0_Tags"])[1].split("~")
    assert len(entry) == 7
    assert entry[1:4] == ["SCT^91723000^Anatomical Structure", "SCT^64033007^Kidney", "SCT^7771000^Left"]
    # An outside reader sees one array of label numbers.
    assert np.array_equal(sitk.GetArrayFromImage(sitk.ReadImage(str(file))), LEFT.voxels + 3 * APART.voxels)


def test_overlapping_segments_lie_in_layers_and_come_back(tmp_path: Path) -> None:
    given = [LEFT, OVER, APART, EMPTY]
    file = write_segments(given, tmp_path / "m.seg.nrrd", scan(), Saving())
    header = read_nrrd_header(file)
    assert header.fields["sizes"] == "2 8 6 4"
    assert header.fields["kinds"] == "list domain domain domain"
    assert header.fields["space directions"].startswith("none (")
    assert [header.pairs[f"Segment{i}_Layer"] for i in range(4)] == ["0", "1", "0", "0"]
    assert header.pairs["Segment3_Extent"] == "0 -1 0 -1 0 -1"
    back = SegNrrd().read_segments(file)
    for one, other in zip(given, back.masks, strict=True):
        assert (one.name, one.value, one.colour, one.term) == (other.name, other.value, other.colour, other.term)
        assert np.array_equal(one.voxels, other.voxels)
    assert max_corner_shift(scan().geometry, back.geometry, SHAPE) < 1e-12
    flat = read_mask_here(file)
    assert np.array_equal(flat.voxels == 1, LEFT.voxels)  # the earlier one has what both have
    assert np.array_equal(flat.voxels == 7, OVER.voxels & ~LEFT.voxels)
    shared = np.count_nonzero(LEFT.voxels & OVER.voxels)
    assert any(f"{shared} voxels belong to several segments" in note for note in flat.notes)


def test_an_outside_reader_places_the_layers(tmp_path: Path) -> None:
    file = write_segments([LEFT, OVER], tmp_path / "m.seg.nrrd", scan(), Saving())
    image = sitk.ReadImage(str(file))
    layers = sitk.GetArrayFromImage(image)
    assert np.array_equal(layers[..., 0] == 1, LEFT.voxels)
    assert np.array_equal(layers[..., 1] == 7, OVER.voxels)
    assert np.allclose(image.GetOrigin(), scan().geometry.origin_xyz, atol=1e-9)


def test_the_grid_of_an_nrrd_is_copied_verbatim(tmp_path: Path) -> None:
    file = tmp_path / "scan.nrrd"
    lines = [
        "NRRD0004", "type: uchar", "dimension: 3", "space: right-anterior-superior", "sizes: 8 6 4",
        "space directions: (0.1000000000000000055,0,0) (0,2,0) (0,0,3.0)", "kinds: domain domain domain",
        "encoding: raw", "space origin: (1e1,-2.50,3)", "", "",
    ]  # fmt: skip
    file.write_bytes("\n".join(lines).encode() + bytes(8 * 6 * 4))
    source = read_scan_here(file)
    for segments in ([LEFT], [LEFT, OVER]):
        made = write_segments(segments, tmp_path / "m.seg.nrrd", source, Saving())
        fields = read_nrrd_header(made).fields
        assert fields["space"] == "right-anterior-superior"
        assert fields["space directions"].endswith("(0.1000000000000000055,0,0) (0,2,0) (0,0,3.0)")
        assert fields["space origin"] == "(1e1,-2.50,3)"
        assert read_mask_here(made).geometry == source.geometry


def test_one_slice_still_has_three_axes(tmp_path: Path) -> None:
    flat = Volume(np.zeros((1, 6, 8), np.int16), scan().geometry, stored_dimensions=2)
    segment = NamedMask("x", 1, np.ones((1, 6, 8), bool))
    file = write_segments([segment], tmp_path / "m.seg.nrrd", flat, Saving())
    assert read_nrrd_header(file).fields["sizes"] == "8 6 1"
    assert max_corner_shift(flat.geometry, read_mask_here(file).geometry, (1, 6, 8)) < 1e-12


def test_equal_numbers_are_replaced_by_the_order(tmp_path: Path) -> None:
    twins = [LEFT, NamedMask("twin", 1, APART.voxels)]
    back = SegNrrd().read_segments(write_segments(twins, tmp_path / "m.seg.nrrd", scan(), Saving()))
    assert [mask.value for mask in back.masks] == [1, 2]


def test_more_than_255_numbers(tmp_path: Path) -> None:
    wide = NamedMask("wide", 40_000, LEFT.voxels)
    back = SegNrrd().read_segments(write_segments([wide, OVER], tmp_path / "m.seg.nrrd", scan(), Saving()))
    assert [mask.value for mask in back.masks] == [40_000, 7]
    assert np.array_equal(back.masks[0].voxels, LEFT.voxels)


def test_the_receipt_is_a_key(tmp_path: Path) -> None:
    text = '{"phrase": "a\\u00e4 \\\\ \\"x\\"", "n": 1}'
    file = write_segments([LEFT], tmp_path / "m.seg.nrrd", scan(), Saving(receipt=text))
    assert SegNrrd().read_receipt(file) == text
    plain = write_mask(LEFT.voxels, tmp_path / "m.nrrd", scan(), text)
    assert read_nrrd_header(plain).pairs[RECEIPT_KEY] == text
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.nrrd", "m.seg.nrrd"]


def test_a_picture_is_refused(tmp_path: Path) -> None:
    photo = Volume(np.zeros((1, 6, 8), np.uint8), None, format="picture")
    with pytest.raises(InputError, match="cannot hold the mask of a picture"):
        write_segments([NamedMask("x", 1, np.ones((1, 6, 8), bool))], tmp_path / "m.seg.nrrd", photo, Saving())


def test_codes_with_the_marks_of_the_entry_do_not_break_it(tmp_path: Path) -> None:
    term = Term(Code("SCT", "85756007", "Tissue"), Code("99X", "1", "a~b^c|d"))
    segment = NamedMask("x", 1, LEFT.voxels, term=term)
    back = SegNrrd().read_segments(write_segments([segment], tmp_path / "m.seg.nrrd", scan(), Saving()))
    assert back.masks[0].term.type == Code("99X", "1", "a b c d")


def _with_key(file: Path, key: str, value: str) -> None:
    file.write_bytes(re.sub(rf"{key}:=[^\n]*".encode(), f"{key}:={value}".encode(), file.read_bytes()))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("Segment0_Layer", "9"),
        ("Segment0_Layer", "x"),
        ("Segment0_LabelValue", "-1"),
        ("Segment0_Color", "red"),
        ("Segment0_Color", "nan 1e400 0"),
        ("Segment0_Tags", "TerminologyEntry:a~b~c|"),
    ],
)
def test_odd_keys_of_other_programs_are_survived(key: str, value: str, tmp_path: Path) -> None:
    file = write_segments([LEFT, OVER], tmp_path / "m.seg.nrrd", scan(), Saving())
    _with_key(file, key, value)
    back = SegNrrd().read_segments(file)
    assert back.masks[-1].name == OVER.name
    if key == "Segment0_Tags":
        assert back.masks[0].term == UNSPECIFIED


def test_fractions_are_refused_in_words(tmp_path: Path) -> None:
    file = write_segments([LEFT], tmp_path / "m.seg.nrrd", scan(), Saving())
    for key in ("Segmentation_SourceRepresentation", "Segmentation_MasterRepresentation"):
        _with_key(file, key, "Fractional labelmap")
    with pytest.raises(ScanUnreadable, match=r"Fractional labelmap.*not as voxels"):
        read_mask_here(file)


def test_a_file_without_names_is_numbered(tmp_path: Path) -> None:
    labels = (LEFT.voxels * 2 + APART.voxels * 5).astype(np.uint8)
    plain = write_mask(labels, tmp_path / "plain.nrrd", scan())
    (tmp_path / "named.seg.nrrd").write_bytes(plain.read_bytes())
    back = SegNrrd().read_segments(tmp_path / "named.seg.nrrd")
    assert [(mask.name, mask.value) for mask in back.masks] == [("Segment 2", 2), ("Segment 5", 5)]
