"""Encoded slices on disk: found by what the scan shows, checked, and within their limit."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from engine.bundle.reader import Bundle
from engine.contract.control import CancelToken
from engine.inference.encoding_files import EncodingFiles, content_of
from engine.inference.segment import segment
from engine.inference.session import BundleSession, ImageEncoding
from engine.volumes.geometry import Geometry
from engine.volumes.slicing import SliceStack
from engine.volumes.volume import Volume
from tests.fakes.tiny_bundle import write_tiny_bundle

LIMITS = (0.0, 255.0)


def head(*, turned: bool = False) -> Volume:
    """Random voxels; `turned` is the same head with its rows stored from back to front."""
    voxels = np.random.default_rng(0).integers(0, 255, (20, 16, 24), np.uint8)
    if not turned:
        return Volume(voxels, Geometry((1, 1, 1), (0, 0, 0), (1, 0, 0, 0, 1, 0, 0, 0, 1)))
    return Volume(voxels[:, ::-1], Geometry((1, 1, 1), (0, 15, 0), (1, 0, 0, 0, -1, 0, 0, 0, 1)))


@pytest.fixture
def files(tmp_path: Path) -> EncodingFiles:
    return EncodingFiles(tmp_path / "encodings")


@pytest.fixture
def session(tmp_path: Path) -> BundleSession:
    return BundleSession(Bundle.open(write_tiny_bundle(tmp_path / "tiny.vlseg")), threads=1)


def ask(volume: Volume, session: BundleSession, files: EncodingFiles, phrase: str = "bright") -> np.ndarray:
    done = segment(volume, session, [phrase], "axial", None, lambda _: None, CancelToken(), "job", encodings=files)
    return done.answers[0].levels


def without_images(session: BundleSession, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> ImageEncoding:
        raise AssertionError("a slice was encoded again")

    monkeypatch.setattr(session, "encode_image", refuse)


def test_another_process_asks_without_encoding(
    session: BundleSession, files: EncodingFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ask(head(), session, files)
    assert files.nbytes > 0
    later = BundleSession(Bundle.open(tmp_path / "tiny.vlseg"), threads=1)
    without_images(later, monkeypatch)
    assert np.array_equal(ask(head(), later, EncodingFiles(files.folder)), first)
    assert np.array_equal(ask(head(turned=True), later, files)[:, ::-1], first)
    changed = Volume(np.where(head().voxels == 7, 8, head().voxels).astype(np.uint8), head().geometry)
    with pytest.raises(AssertionError, match="again"):
        ask(changed, later, files)


def test_content_tells_limits_planes_and_values_apart() -> None:
    stacks = [SliceStack(head().voxels, head().geometry, plane) for plane in ("axial", "coronal", "sagittal")]
    found = {content_of(stack, limits) for stack in stacks for limits in (LIMITS, (0.0, 100.0))}
    assert len(found) == 6


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty"])
def test_a_damaged_file_is_encoded_again(session: BundleSession, files: EncodingFiles, damage: str) -> None:
    first = ask(head(), session, files)
    for path in files.folder.rglob("*.npz"):
        held = bytearray(path.read_bytes())
        held[len(held) // 2] ^= 0xFF
        path.write_bytes({"cut": held[: len(held) // 2], "flipped": held, "empty": b""}[damage])
    assert np.array_equal(ask(head(), session, files), first)


def test_the_oldest_go_first(files: EncodingFiles) -> None:
    for age, name in enumerate(["new", "old", "oldest"]):
        files.put(name, 0, {"a": np.zeros(1000, np.float32)})
        os.utime(files.folder / name, (1_000_000 - age, 1_000_000 - age))
    files.limit = files.nbytes - 1
    files.tidy()
    assert {entry.name for entry in files.folder.iterdir()} == {"new", "old"}
    assert files.get("old", 0) is not None  # and is now the last one used
    files.limit = files.nbytes - 1
    files.tidy()
    assert {entry.name for entry in files.folder.iterdir()} == {"old"}
    assert files.clear() > 0
    assert files.nbytes == 0


def test_a_folder_that_cannot_be_written_costs_time_only(session: BundleSession, tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("no folder")
    answer = ask(head(), session, EncodingFiles(in_the_way))
    assert np.array_equal(answer, ask(head(), session, EncodingFiles(tmp_path / "good")))
