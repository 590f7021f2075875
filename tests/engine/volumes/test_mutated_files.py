"""Damaged files of every format: each is read or refused in words, within five seconds, whatever is in it.

A quick share runs always, all 5,000 with the slow tests. Run as a script, it prints what was found:
`python -m tests.engine.volumes.test_mutated_files 5000 1`.
"""

from __future__ import annotations

import random
import struct
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from engine.contract.errors import EngineError
from engine.volumes.geometry import Geometry
from engine.volumes.guarded_reader import GuardedReader
from engine.volumes.volume import Volume
from engine.volumes.writing import write_mask
from tests.fakes.compressed_dicom import packed
from tests.fakes.dicom_files import SECONDARY, dataset, enhanced, evenly, pattern, placed, save, write_series
from tests.fakes.volume_files import as_nifti_2, nrrd

LONGEST_S = 5.0
SLOWEST_SEEN = 1.5
"""Beyond this a file is read a second time: other work on the machine may have been in the way."""


def write_samples(folder: Path) -> list[Path]:
    """One sound file or more of every format; a DICOM series is a folder of its own."""
    samples = [*_volumes(folder), *_pictures(folder), *_dicom(folder)]
    assert len({path.suffix for path in samples}) >= 14
    return samples


def _volumes(folder: Path) -> Iterator[Path]:
    geometry = Geometry((0.7, 0.8, 2.5), (-10.0, 5.0, 30.0), (1.0, 0, 0, 0, 1.0, 0, 0, 0, 1.0))
    scan = Volume(np.zeros((5, 12, 14), np.int16), geometry)
    labels = np.random.default_rng(0).integers(0, 300, (5, 12, 14)).astype(np.uint16)
    for suffix in (".nii", ".nii.gz", ".nrrd", ".mha", ".mhd"):
        yield write_mask(labels, folder / f"volume{suffix}", scan)
    raw = folder / "detached.raw"
    raw.write_bytes(labels.tobytes())
    header = folder / "detached.nhdr"
    header.write_text(
        "NRRD0004\ntype: ushort\ndimension: 3\nspace: left-posterior-superior\nsizes: 14 12 5\nencoding: raw\n"
        "endian: little\nspace directions: (0.7,0,0) (0,0.8,0) (0,0,2.5)\nspace origin: (1,2,3)\n"
        "data file: detached.raw\n"
    )
    yield header
    yield from _other_forms(folder, (folder / "volume.nii").read_bytes(), labels)


def _other_forms(folder: Path, nifti: bytes, labels: np.ndarray) -> Iterator[Path]:
    """NIfTI in two files and NIfTI-2; NRRD packed with bzip2, and with layers of segments."""
    pair = bytearray(nifti[:352])
    struct.pack_into("<f", pair, 108, 0)
    pair[344:348] = b"ni1\0"
    (folder / "pair.hdr").write_bytes(pair)
    (folder / "pair.img").write_bytes(nifti[352:])
    yield folder / "pair.hdr"
    wide = as_nifti_2(nifti, "<", b"n+2", 544) + bytes(4)
    (folder / "wide.nii").write_bytes(wide + nifti[352:])
    yield folder / "wide.nii"
    values = (labels % 3).astype(np.int16).transpose(2, 1, 0)
    yield nrrd(folder / "bzip2.nrrd", values, kinds="domain domain domain", packing="bzip2")
    said = ("Segment0_Name:=a", "Segment0_LabelValue:=1", "Segment0_Layer:=0", "Segment1_LabelValue:=2")
    yield nrrd(folder / "layers.seg.nrrd", np.stack([values, 0 * values]), *said, kinds="list domain domain domain")


def _pictures(folder: Path) -> Iterator[Path]:
    grey = (np.add.outer(np.arange(24), np.arange(30)) * 4).astype(np.uint8)
    rgb = np.stack([grey, 255 - grey, grey // 2], axis=-1)
    for name in ("a.png", "a.jpg", "a.bmp", "a.tif", "a.webp", "a.ppm"):
        Image.fromarray(rgb).save(folder / name)
        yield folder / name
    Image.fromarray(grey).save(folder / "a.pgm")
    yield folder / "a.pgm"
    Image.fromarray(grey.astype(np.uint16) * 200).save(folder / "deep.png")
    yield folder / "deep.png"
    for packing in ("tiff_lzw", "tiff_deflate", "packbits", "jpeg"):
        Image.fromarray(rgb).save(folder / f"{packing}.tiff", compression=packing)
        yield folder / f"{packing}.tiff"
    deep = Image.fromarray(grey.astype(np.uint16) * 200)
    deep.save(folder / "pages.tif", save_all=True, append_images=[deep, deep], compression="tiff_adobe_deflate")
    yield folder / "pages.tif"
    Image.fromarray(grey).convert("P").save(folder / "a.gif", save_all=True, append_images=[Image.fromarray(grey)])
    yield folder / "a.gif"


def _dicom(folder: Path) -> Iterator[Path]:
    here = placed((0.0, 0.0, 0.0))
    rgb = np.random.default_rng(1).integers(0, 256, (10, 12, 3)).astype(np.uint8)
    files = {
        "explicit": dataset(pattern(10, 12, 1), **here),
        "colour": dataset(rgb, sop_class=SECONDARY),
        "enhanced": enhanced(evenly(4)),
    }
    implicit = dataset(pattern(10, 12, 1), **here)
    implicit.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    deflated = dataset(pattern(10, 12, 1), **here)
    deflated.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    files |= {"implicit": implicit, "deflated": deflated}
    for syntax in (RLELossless, JPEGLosslessSV1, JPEG2000Lossless, JPEGLSLossless):
        with tempfile.TemporaryDirectory() as place:
            made = dataset(pattern(32, 40, 2).astype(np.uint16), **here)
            files[syntax.keyword.lower()] = packed(made, syntax, Path(place))
    for name, made in files.items():
        # Each in a folder of its own: a file stands for the series that lies beside it.
        yield save(made, folder / name / f"{name}.dcm")
    yield write_series(folder / "series", evenly(4))[1]


# mutations: bytes → bytes


def _flip_bits(content: bytearray, chance: random.Random) -> bytearray:
    for _ in range(chance.choice((1, 3, 10, 40))):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    return content


def _flip_in_header(content: bytearray, chance: random.Random) -> bytearray:
    for _ in range(chance.choice((1, 2, 5))):
        content[chance.randrange(min(len(content), 600))] = chance.choice(
            (0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256))
        )
    return content


def _truncate(content: bytearray, chance: random.Random) -> bytearray:
    return content[: chance.randrange(len(content))]


def _extreme_number(content: bytearray, chance: random.Random) -> bytearray:
    """A number of the header becomes very large, negative or zero."""
    form = chance.choice("hHiIfdqQ")
    size = struct.calcsize(form)
    values = (0, 1, 2, 0x7FFF) if form in "hH" else (0, 1, 0x7FFFFFFF)
    if form in "fd":
        value: float = chance.choice((0.0, -1.0, float("nan"), float("inf"), 1e30, -1e-30))
    else:
        value = chance.choice((*values, -1) if form in "hiq" else values)
    at = chance.randrange(max(1, min(len(content), 1500) - size))
    content[at : at + size] = struct.pack(chance.choice("<>") + form, value)
    return content


def _wrong_digits(content: bytearray, chance: random.Random) -> bytearray:
    """A digit of a text header becomes another character."""
    digits = [i for i, byte in enumerate(content[:1500]) if chr(byte).isdigit()]
    for _ in range(min(len(digits), chance.choice((1, 2, 6)))):
        content[chance.choice(digits)] = ord(chance.choice("0123456789999-.eE x"))
    return content


def _cut_or_repeat(content: bytearray, chance: random.Random) -> bytearray:
    start = chance.randrange(len(content))
    piece = content[start : start + chance.choice((1, 2, 8, 64, 500))]
    if chance.random() < 0.5:
        del content[start : start + len(piece)]
    else:
        content[start:start] = piece
    return content


def _other_file(content: bytearray, chance: random.Random) -> bytearray:
    """The beginning of one kind of file before the rest of another."""
    start = chance.choice(
        (b"NRRD0004\n", b"\x89PNG\r\n\x1a\n", b"\x5c\x01\0\0", b"\x1f\x8b\x08", b"II*\0", b"\xff\xd8\xff")
    )
    content[: len(start)] = start
    return content


MUTATIONS: tuple[Callable[[bytearray, random.Random], bytearray], ...] = (
    _flip_bits,
    _flip_in_header,
    _truncate,
    _extreme_number,
    _wrong_digits,
    _cut_or_repeat,
    _other_file,
)


def mutate_and_read(folder: Path, count: int, seed: int) -> tuple[Counter[str], list[str]]:
    """Reads `count` mutated files; what came of them, and each that did what none may: name, seed, what."""
    samples = write_samples(folder)
    reader = GuardedReader(patience_s=LONGEST_S)
    outcomes: Counter[str] = Counter()
    wrong: list[str] = []
    try:
        # Starting the child and importing what it needs is not the file's time.
        for sample in samples:
            reader.read(sample, as_mask=".seg." in sample.name, timeout_s=60)
        for number in range(count):
            chance = random.Random(f"{seed}-{number}")
            sample = samples[number % len(samples)]
            victim = chance.choice(_files_of(sample))
            sound = victim.read_bytes()
            mutation = chance.choice(MUTATIONS)
            victim.write_bytes(bytes(mutation(bytearray(sound), chance)))
            what = _read(reader, sample, as_mask=chance.random() < 0.3 or ".seg." in sample.name)
            if what in ("hang", "slow"):
                # Other work may have been in the way; a child that was ended must not be judged by its start either.
                reader.read(samples[0] if samples[0] != sample else samples[1], as_mask=False, timeout_s=60)
                what = _read(reader, sample, as_mask=".seg." in sample.name)
            outcomes[what] += 1
            if what not in ("read", "refused", "reader replaced"):
                wrong.append(f"{sample.name} {mutation.__name__} number {number}: {what}")
                (folder / f"kept-{number}{sample.suffix}").write_bytes(victim.read_bytes())
            victim.write_bytes(sound)
    finally:
        reader.close()
    return outcomes, wrong


def _files_of(sample: Path) -> list[Path]:
    beside = {
        ".mhd": [sample.with_suffix(".zraw")],
        ".nhdr": [sample.with_suffix(".raw")],
        ".hdr": [sample.with_suffix(".img")],
    }
    return [sample, *beside.get(sample.suffix, [])]


def _read(reader: GuardedReader, path: Path, *, as_mask: bool) -> str:
    started = time.monotonic()
    try:
        reader.read(path, as_mask=as_mask)
        what = "read"
    except EngineError as problem:
        if "was not read within" in problem.message:
            return "hang"
        # A native library fell over: the child ended, with a message, and the program goes on.
        what = "reader replaced" if "reader stopped" in problem.message else "refused"
        if not problem.hint or "Traceback" in str(problem):
            return f"refused without words: {problem}"
    except Exception as bug:  # noqa: BLE001 - what this test looks for
        return f"bug: {str(bug)[-600:]}"
    if time.monotonic() - started > SLOWEST_SEEN and what != "reader replaced":
        return "slow" if time.monotonic() - started < LONGEST_S else "hang"
    return what


def test_a_hundred_mutated_files(tmp_path: Path) -> None:
    outcomes, wrong = mutate_and_read(tmp_path, 100, seed=1)
    assert [line for line in wrong if not line.endswith("slow")] == []
    assert outcomes["refused"] > 20
    assert outcomes["read"] > 5


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_five_thousand_mutated_files(tmp_path: Path) -> None:
    outcomes, wrong = mutate_and_read(tmp_path, 5000, seed=2)
    assert [line for line in wrong if not line.endswith("slow")] == []
    assert outcomes["reader replaced"] < 50


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        found, faults = mutate_and_read(Path(place), int(sys.argv[1]), int(sys.argv[2]))
        sys.stdout.write("\n".join([*faults, str(dict(found)), ""]))
