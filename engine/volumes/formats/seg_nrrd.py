"""Segmentations as 3D Slicer keeps them (.seg.nrrd): an NRRD whose key/value pairs name, colour and code its segments.

Overlapping segments lie in layers: a first axis of kind `list`. Keys as Slicer documents them (developer guide,
Segmentations).
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from engine.contract.errors import ScanUnreadable
from engine.contract.whole_file import write_bytes
from engine.volumes.formats import FORMATS
from engine.volumes.formats.base import needs_geometry
from engine.volumes.formats.nrrd import RECEIPT_KEY, own_grid, stored_receipt
from engine.volumes.formats.through_itk import read_through_itk
from engine.volumes.headers.stored_array import check_sizes, check_stored
from engine.volumes.headers.text_header import TextHeader, pair_line, read_nrrd_header
from engine.volumes.segments import COLOURS, NamedMask, Saving, StoredSegments, layers_of
from engine.volumes.terminology import UNSPECIFIED, Code, Term
from engine.volumes.volume import Mask, Volume

_GRID_FIELDS: Final = ("space", "space dimension", "space units", "space directions", "space origin")
_LABELMAP: Final = "Binary labelmap"
_CONTEXT: Final = "Segmentation category and type - DICOM master list"
_REGIONS: Final = "Anatomic codes - DICOM master list"
_MOST_SEGMENTS: Final = 65_535


@FORMATS.register("seg_nrrd")
class SegNrrd:
    """Always three axes in space, also for one slice. Without names, segments are called by their numbers."""

    suffixes: ClassVar[tuple[str, ...]] = (".seg.nrrd",)
    mask_suffixes: ClassVar[tuple[str, ...]] = (".seg.nrrd",)
    holds_segments: ClassVar[bool] = True
    keeps_receipt: ClassVar[bool] = True

    def read(self, path: Path) -> Volume:
        header, stored = _read(path)
        labels, notes = stored.flat()
        return Volume(labels, stored.geometry, path, "seg_nrrd", notes, _grid_lines(header))

    def read_mask(self, path: Path) -> Volume:
        return self.read(path)

    def read_segments(self, path: Path) -> StoredSegments:
        """Raises ScanUnreadable."""
        return _read(path)[1]

    def read_receipt(self, path: Path) -> str | None:
        return stored_receipt(path)

    def check_mask(self, path: Path, like: Volume) -> None:
        needs_geometry(path, like)

    def check_segments(self, path: Path, like: Volume, saving: Saving) -> None:
        del saving
        needs_geometry(path, like)

    def write_mask(self, mask: Mask, path: Path, like: Volume) -> None:
        values = [int(value) for value in np.unique(mask.labels) if value]
        named = [
            NamedMask(f"Segment {value}", value, mask.labels == value, COLOURS[i % len(COLOURS)])
            for i, value in enumerate(values)
        ]
        self.write_segments(named, path, like, Saving(receipt=mask.receipt))

    def write_segments(self, segments: Sequence[NamedMask], path: Path, like: Volume, saving: Saving) -> None:
        assert like.geometry is not None
        layers = layers_of([segment.voxels for segment in segments])
        values = _values(segments)
        voxels = _voxels(segments, values, layers, like.shape_zyx)
        several = len(layers) > 1
        verbatim = like.format in ("nrrd", "seg_nrrd") and like.stored_dimensions == 3 and like.header
        grid: dict[str, str] = json.loads(like.header) if verbatim else {}
        if "space directions" not in grid or "space origin" not in grid:
            grid = own_grid(like.geometry, 3)
        directions = " ".join(re.findall(r"\([^)]*\)", grid["space directions"]))
        sizes = [*([len(layers)] if several else []), *like.shape_zyx[::-1]]
        wide = voxels.dtype == np.dtype("<u2")
        fields: dict[str, str] = {
            "type": "unsigned short" if wide else "unsigned char",
            "dimension": str(len(sizes)),
            **{name: grid[name] for name in ("space", "space dimension") if name in grid},
            "sizes": " ".join(str(size) for size in sizes),
            **({"space units": grid["space units"]} if "space units" in grid else {}),
            "space directions": f"none {directions}" if several else directions,
            "kinds": ("list " if several else "") + "domain domain domain",
            **({"endian": "little"} if wide else {}),
            "encoding": "gzip",
            "space origin": grid["space origin"],
        }
        pairs = {
            **_pairs(segments, values, layers),
            "Segmentation_ContainedRepresentationNames": f"{_LABELMAP}|",
            "Segmentation_SourceRepresentation": _LABELMAP,
            "Segmentation_MasterRepresentation": _LABELMAP,  # what Slicer before 5.2 looks for
            "Segmentation_ReferenceImageExtentOffset": "0 0 0",
            **({RECEIPT_KEY: saving.receipt} if saving.receipt else {}),
        }
        lines = [
            "NRRD0004",
            *(f"{name}: {value}" for name, value in fields.items()),
            *(pair_line(key, value) for key, value in pairs.items()),
            "",
            "",
        ]
        write_bytes(path, "\n".join(lines).encode("utf-8") + gzip.compress(voxels.tobytes(), compresslevel=6, mtime=0))


def _values(segments: Sequence[NamedMask]) -> list[int]:
    """The segments' own numbers where they differ, else the order."""
    values = [segment.value for segment in segments]
    if len(set(values)) < len(values) or any(not 1 <= value <= _MOST_SEGMENTS for value in values):
        return list(range(1, len(values) + 1))
    return values


def _voxels(
    segments: Sequence[NamedMask], values: list[int], layers: list[list[int]], shape: tuple[int, int, int]
) -> NDArray[Any]:
    """[z, y, x] or [z, y, x, layers]."""
    dtype = np.dtype("<u2") if max(values, default=1) > 255 else np.dtype(np.uint8)
    voxels = np.zeros((*shape, max(1, len(layers))), dtype)
    for number, layer in enumerate(layers):
        for index in layer:
            voxels[..., number][segments[index].voxels] = values[index]
    return voxels if len(layers) > 1 else voxels[..., 0]


def _pairs(segments: Sequence[NamedMask], values: list[int], layers: list[list[int]]) -> dict[str, str]:
    layer_of = {index: number for number, layer in enumerate(layers) for index in layer}
    pairs: dict[str, str] = {}
    for i, segment in enumerate(segments):
        colour = " ".join(f"{int(segment.colour[at : at + 2], 16) / 255:.6g}" for at in (1, 3, 5))
        known = {
            "ID": f"Segment_{i + 1}",
            "Name": segment.name,
            "NameAutoGenerated": "0",
            "Color": colour,
            "ColorAutoGenerated": "0",
            "Extent": _extent(segment.voxels),
            "LabelValue": str(values[i]),
            "Layer": str(layer_of[i]),
            "Tags": f"TerminologyEntry:{_entry(segment.term)}|",
        }
        pairs.update({f"Segment{i}_{key}": value for key, value in known.items()})
    return pairs


def _extent(voxels: NDArray[np.bool_]) -> str:
    """First and last voxel along x, y and z; as Slicer writes it for an empty segment: the last before the first."""
    words: list[str] = []
    for axis in (2, 1, 0):
        found = np.flatnonzero(voxels.any(axis=tuple(other for other in range(3) if other != axis)))
        words += [str(found[0]), str(found[-1])] if found.size else ["0", "-1"]
    return " ".join(words)


def _entry(term: Term) -> str:
    """Seven parts: context, category, type, its modifier, context of regions, region, its modifier."""
    modifier = "^^" if term.modifier is None else _triple(term.modifier)
    return f"{_CONTEXT}~{_triple(term.category)}~{_triple(term.type)}~{modifier}~{_REGIONS}~^^~^^"


def _triple(code: Code) -> str:
    # A meaning may come from a label's name: what parts the entry may not lie within it.
    return "^".join(re.sub(r"[~^|\r\n]", " ", part) for part in (code.scheme, code.value, code.meaning))


# reading


def _read(path: Path) -> tuple[TextHeader, StoredSegments]:
    header = read_nrrd_header(path)
    if header.stored is not None:
        check_stored(path, header.stored)
    kept_as = header.pairs.get("Segmentation_SourceRepresentation") or header.pairs.get(
        "Segmentation_MasterRepresentation", _LABELMAP
    )
    if kept_as != _LABELMAP:
        raise ScanUnreadable(
            f"{path} holds its segments as {kept_as[:60]!r}, not as voxels.",
            hint="In 3D Slicer, make the binary labelmap its source representation and save it again.",
        )
    voxels, geometry, _ = read_through_itk(path, "NrrdImageIO", layers=True)
    if voxels.dtype.kind not in "iu":
        raise ScanUnreadable(f"{path} holds fractions, not segments.", hint="Save it as a segmentation.")
    layers = voxels if voxels.ndim == 4 else voxels[..., None]
    count = len({key.partition("_")[0] for key in header.pairs if key.startswith("Segment")})
    check_sizes(path, voxels.shape[2::-1], voxels[..., 0].size * count)  # a mask for each is made
    masks = _named(header, layers) or [
        NamedMask(f"Segment {value}", int(value), layers[..., 0] == value, COLOURS[i % len(COLOURS)])
        for i, value in enumerate(v for v in np.unique(layers[..., 0]) if v)
    ]
    z, y, x = layers.shape[:3]
    return header, StoredSegments(tuple(masks), geometry, (int(z), int(y), int(x)))


def _named(header: TextHeader, layers: NDArray[Any]) -> list[NamedMask]:
    """The segments that the header describes; those whose layer is not there are left out."""
    described: dict[int, dict[str, str]] = {}
    for key, text in header.pairs.items():
        if known := re.fullmatch(r"Segment(\d{1,6})_(\w+)", key):
            described.setdefault(int(known[1]), {})[known[2]] = text
    found = []
    for i, own in sorted(described.items()):
        layer, value = _whole(own.get("Layer", "0")), _whole(own.get("LabelValue", str(i + 1)))
        if layer is None or value is None or layer >= layers.shape[-1]:
            continue
        name = own.get("Name") or own.get("ID") or f"Segment {i + 1}"
        colour, term = _colour(own.get("Color", ""), i), _term(own.get("Tags", ""))
        found.append(NamedMask(name, value, layers[..., layer] == value, colour, term))
    return found


def _whole(text: str) -> int | None:
    return int(text) if re.fullmatch(r"\d{1,9}", text.strip()) else None


def _colour(text: str, index: int) -> str:
    try:
        parts = [min(255, max(0, round(float(word) * 255))) for word in text.split()]
    except (ValueError, OverflowError):
        parts = []
    return COLOURS[index % len(COLOURS)] if len(parts) != 3 else "#" + "".join(f"{part:02x}" for part in parts)


def _term(tags: str) -> Term:
    entry = re.search(r"TerminologyEntry:([^|]*)", tags)
    parts = entry[1].split("~") if entry else []
    codes = [part.split("^") for part in parts[1:4]]
    if len(codes) < 3 or any(len(code) != 3 for code in codes) or not codes[0][1] or not codes[1][1]:
        return UNSPECIFIED
    return Term(Code(*codes[0]), Code(*codes[1]), Code(*codes[2]) if codes[2][1] else None)


def _grid_lines(header: TextHeader) -> bytes:
    """The fields that place the grid, for a mask to copy."""
    grid = {name: header.fields[name] for name in _GRID_FIELDS if name in header.fields}
    if "space directions" in grid:
        grid["space directions"] = " ".join(re.findall(r"\([^)]*\)", grid["space directions"]))
    return json.dumps(grid).encode()
