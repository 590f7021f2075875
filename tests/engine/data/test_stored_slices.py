"""Slices out of the cache: the same bytes as decoding gives, and no file opened where they are known."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from numpy.typing import NDArray
from PIL import Image

from engine.contract.control import CancelToken
from engine.contract.errors import DatasetIncomplete, DiskFull, InputError
from engine.contract.events import Event, Log
from engine.data.cache.pack import SUFFIX, read_about
from engine.data.cache.room import LIMIT, Room, slices_folder
from engine.data.dataset import SliceDataset
from engine.data.decoding import decoded_slices
from engine.data.findings import DatasetReport
from engine.data.split import SPLITS
from engine.volumes.preprocess import Preprocess

Inspected = Callable[..., DatasetReport]
SIZE = 30  # its square is no multiple of 8


def _built(report: DatasetReport, split: str = "train", size: int = SIZE, **more: Any) -> SliceDataset:
    emit = more.pop("emit", lambda event: None)
    preprocess = report.preprocess(Preprocess(size=size, **more.pop("preprocess", {})))
    return SliceDataset.build(report, split, preprocess, emit, CancelToken(), **more)


def _packs(folder: Path | None = None) -> list[Path]:
    return sorted((folder or slices_folder()).rglob(f"*{SUFFIX}"))


def _without_files(report: DatasetReport) -> None:
    """From now on no source file can be opened."""
    shutil.rmtree(report.folder)


def _arrays(dataset: SliceDataset) -> list[NDArray[Any]]:
    parts = [dataset.images[:], dataset.masks[:], dataset.present, dataset.areas]
    return parts if dataset.ignored is None else [*parts, dataset.ignored[:]]


def _same(one: SliceDataset, other: SliceDataset) -> bool:
    pairs = zip(_arrays(one), _arrays(other), strict=True)
    return one.said == other.said and all(a.dtype == b.dtype and np.array_equal(a, b) for a, b in pairs)


def _equals_decoding(dataset: SliceDataset, report: DatasetReport) -> None:
    for position, ref in enumerate(dataset.refs):
        (direct,) = decoded_slices(ref.finding, [ref.index], report, dataset.preprocess)
        assert np.array_equal(dataset.images[position], direct.image)
        assert np.array_equal(dataset.masks[position], direct.masks)
        assert dataset.areas[position].tolist() == [int(mask.sum()) for mask in direct.masks]
        assert ref.original_shape == direct.shape
        if dataset.ignored is not None:
            void = np.zeros((SIZE, SIZE), np.bool_) if direct.void is None else direct.void
            assert np.array_equal(dataset.ignored[position], void)


def test_pictures_are_as_pillow_gives_them(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    dataset = _built(inspected(make.pairs(tmp_path, 6)))
    for position, ref in enumerate(dataset.refs):
        with Image.open(ref.finding.case.image) as stored:
            direct = stored.convert("RGB").resize((SIZE, SIZE), Image.Resampling.BICUBIC)
        assert np.array_equal(dataset.images[position], np.asarray(direct))


def test_16_bit_pictures(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    for number in range(4):
        deep = np.random.default_rng(number).integers(0, 60_000, (40, 50)).astype(np.uint16)
        make.save(tmp_path / f"images/c{number}.png", deep)
        make.save(tmp_path / f"masks/c{number}.png", make.disc(40, 50, seed=number))
    report = inspected(tmp_path)
    dataset = _built(report)
    assert dataset.images[:].std() > 20
    _equals_decoding(dataset, report)


@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal", "acquisition"])
def test_volumes_in_every_plane(tmp_path: Path, make: Any, inspected: Inspected, plane: str) -> None:
    report = inspected(make.volumes(tmp_path, 3), plane=plane)
    for split in ("train", "val"):
        _equals_decoding(_built(report, split), report)


def test_findings_that_no_inspection_made(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    report = inspected(make.pairs(tmp_path, 6))
    known = _built(report)
    bare = replace(report, cases=tuple(replace(finding, content="") for finding in report.cases))
    assert _same(_built(bare), known)
    assert len(_packs()) == 1


def test_planes_do_not_share_rows(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    make.volumes(tmp_path, 3)
    one, other = (_built(inspected(tmp_path, plane=plane)) for plane in ("axial", "coronal"))
    assert not set(_used(one)) & set(_used(other))


def _used(dataset: SliceDataset) -> list[Path]:
    assert not isinstance(dataset.images, np.ndarray)
    return [pack.path for pack, _ in dataset.images._stored._places if pack.path is not None]


def test_void_pixels(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    folder = tmp_path / "VOC2012"
    names = [f"2007_{number:06}" for number in range(8)]
    for number, name in enumerate(names):
        make.save(folder / f"JPEGImages/{name}.jpg", make.picture(seed=number))
        mask = make.disc(value=1, seed=number)
        mask[:6] = 255
        palette = Image.fromarray(mask, "P")
        palette.putpalette([value for index in range(256) for value in (index, index, index)])
        (folder / "SegmentationClass").mkdir(parents=True, exist_ok=True)
        palette.save(folder / f"SegmentationClass/{name}.png")
    lists = folder / "ImageSets/Segmentation"
    lists.mkdir(parents=True)
    (lists / "train.txt").write_text("\n".join(names[:5]))
    (lists / "val.txt").write_text("\n".join(names[5:]))
    report = inspected(folder)
    assert any(finding.has_void for finding in report.cases)
    first = _built(report)
    assert first.ignored is not None
    assert first.ignored[0][0].all()
    _equals_decoding(first, report)
    _without_files(report)
    assert _same(_built(report), first)


def test_labels_merged_by_a_table(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    table = [{"value": 2, "name": "two", "phrase": "two"}]
    make.volumes(tmp_path, 3)
    both, one = inspected(tmp_path), inspected(tmp_path, labels=table)
    wide, narrow = _built(both), _built(one)
    assert wide.masks.shape[1] == 2
    assert narrow.masks.shape[1] == 1
    _equals_decoding(wide, both)
    _equals_decoding(narrow, one)


@pytest.mark.parametrize("kind", ["pairs", "volumes"])
def test_a_second_run_opens_no_file(tmp_path: Path, make: Any, inspected: Inspected, kind: str) -> None:
    report = inspected(getattr(make, kind)(tmp_path / "set", 6))
    first = [_built(report, split) for split in ("train", "val")]
    kept = [_arrays(one) for one in first]
    _without_files(report)
    for dataset, arrays in zip([_built(report, split) for split in ("train", "val")], kept, strict=True):
        for one, other in zip(_arrays(dataset), arrays, strict=True):
            assert np.array_equal(one, other)


def test_prompts_made_of_masks_open_no_file_either(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    folder = make.pairs(tmp_path / "set", 6)
    _built(inspected(folder))  # without regions: they were not asked for
    report = inspected(folder, prompt="location")
    first = _built(report)
    assert first.said is not None
    assert any("located in" in text for text in first.said.texts)
    _without_files(report)
    assert _same(_built(report), first)


def test_the_same_files_elsewhere_are_known(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    _built(inspected(make.pairs(tmp_path / "here", 6)))
    shutil.copytree(tmp_path / "here", tmp_path / "there")
    report = inspected(tmp_path / "there")
    known = _packs()
    _without_files(report)
    _built(report)
    assert _packs() == known


def test_another_split_decodes_only_what_is_new(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    folder = make.pairs(tmp_path / "set", 12)
    for split in ("train", "val", "test"):
        _built(inspected(folder), split)
    report = inspected(folder, seed=7)
    _without_files(report)
    assert len(_built(report, "train")) == report.slice_count("train")


def test_added_cases_add_their_rows_alone(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    folder = make.pairs(tmp_path / "set", 9)
    first = inspected(folder)
    for split in SPLITS:
        _built(first, split)
    known = set(_packs())
    make.pair(folder / "images/c9.png", folder / "masks/c9.png", seed=9)
    report = inspected(folder)
    for split in SPLITS:
        _equals_decoding(_built(report, split), report)
    (added,) = set(_packs()) - known
    assert len(read_about(added)["rows"]) == 1


@pytest.mark.parametrize("what", ["image", "mask"])
def test_a_changed_file_is_seen(tmp_path: Path, make: Any, inspected: Inspected, what: str) -> None:
    folder = make.pairs(tmp_path / "set", 6)
    report = inspected(folder)
    first = _built(report)
    case = first.refs[0].finding.case
    path = case.image if what == "image" else case.masks[0].path
    before = path.stat()
    make.save(path, make.picture(seed=77) if what == "image" else make.disc(seed=77))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    again = inspected(folder)
    dataset = _built(again)
    _equals_decoding(dataset, again)
    position = [ref.finding.case.case_id for ref in dataset.refs].index(case.case_id)
    part, old = (dataset.images, first.images) if what == "image" else (dataset.masks, first.masks)
    assert not np.array_equal(part[position], old[0])


def test_a_file_that_changes_between_inspection_and_decoding(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    report = inspected(make.pairs(tmp_path / "set", 6))
    case = report.of_split("train")[0].case
    make.save(case.image, make.picture(seed=77))
    with pytest.raises(DatasetIncomplete, match=f"images/{case.image.name} or its mask has changed"):
        _built(report)


CHANGES: dict[str, dict[str, Any]] = {
    "size": {"size": 20},
    "filter": {"preprocess": {"resample": "bilinear"}},
    "plane": {"plane": "sagittal"},
    "window": {"intensity": "window", "window_center": 10, "window_width": 100},
    "levels": {"intensity": "percentile"},
    "labels": {"labels": [{"value": 2, "name": "two"}]},
}


@pytest.mark.parametrize("changed", CHANGES)
def test_another_setting_is_decoded_again(tmp_path: Path, make: Any, inspected: Inspected, changed: str) -> None:
    folder = make.volumes(tmp_path / "set", 3)
    _built(inspected(folder))
    asked = dict(CHANGES[changed])
    built = {name: asked.pop(name) for name in ("size", "preprocess") if name in asked}
    report = inspected(folder, **asked)
    before = _packs()
    dataset = _built(report, **built)
    assert not set(_used(dataset)) & set(before)
    if changed != "size":
        _equals_decoding(dataset, report)


def test_what_is_said_needs_no_decoding(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    """Names, phrases and colours of labels, mean and deviation do not change a row."""
    folder = make.pairs(tmp_path / "set", 6)
    _built(inspected(folder))
    report = inspected(folder, labels=[{"value": 1, "name": "x", "phrase": "another", "colour": "#123456"}])
    _without_files(report)
    _built(report, preprocess={"mean": (0.1, 0.1, 0.1)})


def _damage_row(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 0x10
    path.write_bytes(content)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def _damage_index(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-200] ^= 1
    path.write_bytes(content)


def _zeros(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def _empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("damage", [_damage_row, _cut, _damage_index, _zeros, _empty])
def test_a_damaged_pack_is_made_again(
    tmp_path: Path, make: Any, inspected: Inspected, damage: Callable[[Path], None]
) -> None:
    report = inspected(make.pairs(tmp_path / "set", 8))
    first = _built(report)
    kept = _arrays(first)
    del first
    (pack,) = _packs()
    damage(pack)
    again = _built(report)
    for one, other in zip(_arrays(again), kept, strict=True):
        assert np.array_equal(one, other)
    del again
    third = _built(report)
    _without_files(report)
    assert all(np.array_equal(one, other) for one, other in zip(_arrays(third), kept, strict=True))


def test_every_damaged_byte_of_a_row_is_found(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    report = inspected(make.pairs(tmp_path / "set", 4))
    kept = _arrays(_built(report, size=16))
    (pack,) = _packs()
    whole = pack.read_bytes()
    for at in np.random.default_rng(0).integers(0, len(whole), 25):
        pack.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        found = _built(report, size=16)
        assert all(np.array_equal(one, other) for one, other in zip(_arrays(found), kept, strict=True)), at


def test_a_damaged_row_without_its_source_is_told(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    report = inspected(make.pairs(tmp_path / "set", 6))
    _built(report)
    _damage_row(_packs()[0])
    dataset = _built(report)
    _without_files(report)
    with pytest.raises(DatasetIncomplete, match="does not exist"):
        dataset.masks[:]


def test_a_cache_too_small_keeps_nothing(
    tmp_path: Path, make: Any, inspected: Inspected, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = inspected(make.pairs(tmp_path / "set", 6))
    expected = _arrays(_built(report, cache=tmp_path / "other"))
    monkeypatch.setenv(LIMIT, "0.000001")
    heard: list[Event] = []
    dataset = _built(report, emit=heard.append)
    assert any(isinstance(event, Log) and LIMIT in event.message for event in heard)
    assert len(_packs()) == 1
    assert all(np.array_equal(one, other) for one, other in zip(_arrays(dataset), expected, strict=True))
    del dataset
    assert _packs() == []


def test_nonsense_as_a_limit(tmp_path: Path, make: Any, inspected: Inspected, monkeypatch: pytest.MonkeyPatch) -> None:
    report = inspected(make.pairs(tmp_path / "set", 4))
    monkeypatch.setenv(LIMIT, "much")
    with pytest.raises(Exception, match="the size of the cache is a number of GB"):
        _built(report)


def _full(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type("Usage", (), {"free": 10})()
    monkeypatch.setattr("engine.data.cache.room.shutil.disk_usage", lambda folder: usage)


def test_too_little_space_is_told_beforehand(
    tmp_path: Path, make: Any, inspected: Inspected, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = inspected(make.pairs(tmp_path / "set", 6))
    _full(monkeypatch)
    with pytest.raises(DiskFull, match="GB left"):
        _built(report, most_in_memory=0)
    assert _packs() == []


def test_a_full_disk_and_a_small_dataset(
    tmp_path: Path, make: Any, inspected: Inspected, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = inspected(make.pairs(tmp_path / "set", 6))
    _full(monkeypatch)
    heard: list[Event] = []
    dataset = _built(report, emit=heard.append)
    assert any(isinstance(event, Log) and "full" in event.message for event in heard)
    _equals_decoding(dataset, report)
    assert _packs() == []


def test_a_cache_that_cannot_be_written(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    report = inspected(make.pairs(tmp_path / "set", 6))
    blocked = tmp_path / "file"
    blocked.write_text("a file where the folder should be")
    heard: list[Event] = []
    dataset = _built(report, cache=blocked, emit=heard.append)
    assert any(isinstance(event, Log) and "stay in memory" in event.message for event in heard)
    _equals_decoding(dataset, report)
    with pytest.raises(InputError, match="cannot be written"):
        _built(report, cache=blocked, most_in_memory=0)


def test_a_cancel_keeps_what_is_made(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    report = inspected(make.pairs(tmp_path / "set", 12))
    token = CancelToken()
    heard: list[Event] = []

    def emit(event: Event) -> None:
        heard.append(event)
        if len(heard) == 3:
            token.cancel()

    preprocess = report.preprocess(Preprocess(size=SIZE))
    monotonic = iter(range(1000))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("engine.contract.control.time.monotonic", lambda: next(monotonic))
        with pytest.raises(BaseException, match="Cancelled"):
            SliceDataset.build(report, "train", preprocess, emit, token)
    (pack,) = _packs()
    assert not list(slices_folder().rglob(".writing-*"))
    _equals_decoding(_built(report), report)
    assert pack in _packs()


_OTHER = """
import json, sys
import numpy as np
from engine.contract.control import CancelToken
from engine.data.config import DataConfig
from engine.data.dataset import SliceDataset
from engine.data.report import inspect
from engine.volumes.preprocess import Preprocess
import hashlib
nothing = lambda event: None
report = inspect(DataConfig(folder=sys.argv[1]), 1, nothing, CancelToken())
print("ready", flush=True)
sys.stdin.readline()
dataset = SliceDataset.build(report, "train", report.preprocess(Preprocess(size=30)), nothing, CancelToken())
print(hashlib.sha256(dataset.images[:].tobytes() + dataset.masks[:].tobytes()).hexdigest(), flush=True)
sys.stdin.readline()
"""


def _other(folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _OTHER, str(folder)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def _go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def test_two_processes_at_once_and_one_killed(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    report = inspected(make.pairs(tmp_path / "set", 40))
    both = [_other(report.folder) for _ in range(2)]
    try:
        assert [_line(process) for process in both] == ["ready", "ready"]
        for process in both:
            _go(process)
        found = {_line(process) for process in both}
        assert len(found) == 1
        assert len(found.pop()) == 64
        # What they use is spared, until they are gone, however they went.
        room = Room(slices_folder())
        used = room.in_use()
        assert used
        assert set(_packs()) >= used
        room.clear()
        assert set(_packs()) == used
        for process in both:
            psutil.Process(process.pid).kill()
            process.wait()
        assert room.in_use() == set()
        dataset = _built(report)
        _equals_decoding(dataset, report)
        del dataset
        room.clear()
        assert _packs() == []
    finally:
        for process in both:
            process.kill()
            process.wait()


def test_nothing_of_the_dataset_is_named(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    folder = tmp_path / "Mustermann_Erika"
    for number in range(5):
        make.pair(folder / f"images/Mustermann{number}.png", folder / f"masks/Mustermann{number}.png", seed=number)
    report = inspected(folder, labels=[{"value": 1, "name": "Mustermanns polyp"}])
    dataset = _built(report)
    held = [path for path in slices_folder().rglob("*") if path.is_file()]
    assert len(held) == 2  # the pack, and the mark that it is in use
    for path in held:
        assert "mustermann" not in str(path.relative_to(slices_folder())).lower()
        content = path.read_bytes()
        assert b"mustermann" not in content.lower()
        assert str(tmp_path).encode() not in content
    assert len(dataset)


def test_copies_of_a_case_share_a_row(tmp_path: Path, make: Any, inspected: Inspected) -> None:
    folder = make.pairs(tmp_path / "set", 4)
    for kind in ("images", "masks"):
        shutil.copy(folder / kind / "c0.png", folder / kind / "c9.png")
    report = inspected(folder)
    built = [_built(report, split) for split in SPLITS]
    assert sum(len(dataset) for dataset in built) == 5
    assert sum(len(read_about(pack)["rows"]) for pack in _packs()) == 4
    for dataset in built:
        _equals_decoding(dataset, report)


@pytest.mark.parametrize("name", ["axondeepseg_sem", "dsb2018_nuclei", "pyradiomics_nrrd", "sct_spine_mr"])
def test_real_data(shared_data: Path, inspected: Inspected, name: str) -> None:
    report = inspected(shared_data / name, max_cases=4)
    _built(report)
    again = _built(report)
    for position in range(0, len(again), max(1, len(again) // 4)):
        ref = again.refs[position]
        (direct,) = decoded_slices(ref.finding, [ref.index], report, again.preprocess)
        assert np.array_equal(again.images[position], direct.image)
        assert np.array_equal(again.masks[position], direct.masks)
