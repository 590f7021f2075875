"""A name planted in the texts of pictures and volumes turns up in no mask, export, log, cache or output."""

from __future__ import annotations

import gzip
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from engine.cli.main import main
from engine.volumes.reading import read_scan_here
from tests.fakes.tiny_bundle import write_tiny_bundle

SECRET = "Quagmire"
RANDOM = np.random.default_rng(0)
BOX = np.zeros((4, 20, 24), np.uint8)
BOX[1:3, 5:12, 6:15] = 1


def texts_planted(path: Path, values: np.ndarray) -> None:
    """`values` in the format of `path`, with the secret in every text that it can hold."""
    path.parent.mkdir(parents=True, exist_ok=True)
    kind = "".join(path.suffixes)
    if kind == ".png":
        texts = PngInfo()
        texts.add_text("Patient", SECRET)
        texts.add_itxt("Comment", SECRET, zip=False)
        exif = Image.Exif()
        exif[0x010E] = SECRET
        Image.fromarray(values).save(path, pnginfo=texts, exif=exif)
        path.write_bytes(path.read_bytes() + SECRET.encode())
    elif kind == ".jpg":
        exif = Image.Exif()
        exif[0x010E] = SECRET
        Image.fromarray(values).save(path, exif=exif, comment=SECRET.encode(), quality=95)
    elif kind == ".tif":
        Image.fromarray(values).save(path, description=SECRET, software=SECRET)
    else:
        sitk.WriteImage(sitk.GetImageFromArray(values), str(path))
        _into_header(path, kind)
    assert SECRET.encode() in (gzip.decompress(path.read_bytes()) if kind.endswith(".gz") else path.read_bytes())


def _into_header(path: Path, kind: str) -> None:
    content = path.read_bytes()
    if kind == ".nrrd":
        end = content.index(b"\n\n")
        content = content[:end] + f"\ncontent: {SECRET}\nPatientName:={SECRET}\n# {SECRET}".encode() + content[end:]
    elif kind == ".mha":
        content = content.replace(b"ElementDataFile", f"Comment = {SECRET}\nElementDataFile".encode(), 1)
    else:
        raw = bytearray(gzip.decompress(content))
        for at in (14, 148, 228, 328):  # db_name, descrip, aux_file, intent_name
            raw[at : at + len(SECRET)] = SECRET.encode()
        extension = struct.pack("<2i", 32, 6) + SECRET.encode().ljust(24, b"\0")
        struct.pack_into("<f", raw, 108, 352 + len(extension))
        content = gzip.compress(bytes(raw[:348]) + b"\1\0\0\0" + extension + bytes(raw[352:]))
    path.write_bytes(content)


def dataset(folder: Path, kind: str) -> Path:
    for number in range(4):
        if kind in (".png", ".jpg", ".tif"):
            values = RANDOM.integers(0, 256, (20, 24, 3)).astype(np.uint8)
            truth = np.zeros((20, 24), np.uint8)
            truth[4:12, 5 : 12 + number] = 255
            texts_planted(folder / "images" / f"c{number}{kind}", values)
            texts_planted(folder / "masks" / f"c{number}.png", truth)
        else:
            texts_planted(folder / "images" / f"c{number}{kind}", RANDOM.integers(0, 900, BOX.shape).astype(np.int16))
            texts_planted(folder / "masks" / f"c{number}{kind}", np.roll(BOX, number, axis=2))
    return folder


def leaks_in(folder: Path) -> list[str]:
    found = []
    for file in folder.rglob("*"):
        content = file.read_bytes() if file.is_file() else b""
        if content[:2] == b"\x1f\x8b":
            content += gzip.decompress(content)
        if SECRET.lower() in file.name.lower() or SECRET.lower().encode() in content.lower():
            found.append(str(file.relative_to(folder)))
    return found


@pytest.mark.parametrize("kind", [".png", ".jpg", ".tif", ".nii.gz", ".nrrd", ".mha"])
def test_no_command_passes_texts_on(kind: str, tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    folder = dataset(tmp_path / "in", kind)
    out, home, temporary = tmp_path / "out", tmp_path / "home", tmp_path / "temporary"
    for place in (out, out / "split", home, temporary):
        place.mkdir()
    monkeypatch.setenv("TUNEVLSEG_HOME", str(home))
    monkeypatch.setenv("TMPDIR", str(temporary))
    bundle = write_tiny_bundle(tmp_path / "tiny.vlseg")
    scan = folder / "images" / f"c0{kind}"
    for words in (
        ["data", "inspect", str(folder), "--json"],
        ["data", "split", str(folder), "--out", str(out / "split")],
        ["data", "convert", str(folder), "--to", "nnunet", "--out", str(out / "nnunet")],
        ["data", "convert", str(folder), "--to", "task_files", "--out", str(out / "tasks")],
        ["segment", str(scan), "--bundle", str(bundle), "--prompt", "bright", "red", "--out", str(out / "masks")],
    ):
        assert main(words) == 0, words
    told = capsys.readouterr()
    assert SECRET.lower() not in (told.out + told.err).lower()
    assert len(leaks_in(folder)) == 8
    assert [leaks_in(place) for place in (out, home, temporary)] == [[], [], []]
    # What was copied without its texts is the same scan.
    kept = next(path for path in sorted((out / "nnunet").rglob("*c0_0000.*")))
    first, again = read_scan_here(scan), read_scan_here(kept)
    assert np.array_equal(first.voxels, again.voxels)
    assert first.geometry == again.geometry
    tasks = json.loads((out / "tasks" / "anns" / "train.json").read_text())
    assert tasks
