from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.contract.errors import ScanUnreadable
from engine.volumes.guarded_reader import GuardedReader
from engine.volumes.reading import read_mask, read_scan

posix_only = pytest.mark.skipif(os.name == "nt", reason="needs signals and named pipes")


@pytest.fixture
def reader() -> Iterator[GuardedReader]:
    guarded = GuardedReader()
    yield guarded
    guarded.close()


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    Image.fromarray(np.arange(200, dtype=np.uint8).reshape(10, 20)).save(tmp_path / "p.png")
    return tmp_path / "p.png"


@pytest.fixture
def endless(tmp_path: Path) -> Path:
    """A scan that a reader waits for without end: its voxels come from a pipe that is never filled."""
    os.mkfifo(tmp_path / "pipe.raw")
    scan = tmp_path / "endless.nhdr"
    # A byte skipped keeps the size check, which would refuse a pipe, out of the way.
    scan.write_text(
        "NRRD0004\ntype: uchar\ndimension: 3\nsizes: 4 3 2\nencoding: raw\nbyte skip: 1\ndata file: pipe.raw\n"
    )
    return scan


def wait_until_read(pipe: Path) -> int:
    """The writing end of a pipe, as soon as another process reads from it."""
    for _ in range(600):
        try:
            return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            threading.Event().wait(0.05)
    raise AssertionError("nobody reads")


def test_one_child_serves_all_files(reader: GuardedReader, picture: Path) -> None:
    assert reader.pid is None
    first = reader.read(picture, as_mask=False)
    pid = reader.pid
    assert pid is not None
    assert pid != os.getpid()
    second = reader.read(picture, as_mask=True)
    assert reader.pid == pid
    assert np.array_equal(first.voxels, second.voxels)
    assert first.path == picture


def test_problems_cross_over_as_they_are(reader: GuardedReader, tmp_path: Path) -> None:
    (tmp_path / "bad.nii").write_bytes(b"nothing")
    with pytest.raises(ScanUnreadable, match=r"bad\.nii ends within its header") as caught:
        reader.read(tmp_path / "bad.nii", as_mask=False)
    assert caught.value.hint
    assert reader.pid is not None


@posix_only
def test_a_reader_killed_while_it_reads_is_told_and_replaced(
    reader: GuardedReader, picture: Path, endless: Path
) -> None:
    reader.read(picture, as_mask=False)
    pid = reader.pid
    assert pid is not None
    problems: list[Exception] = []

    def read() -> None:
        try:
            reader.read(endless, as_mask=False)
        except ScanUnreadable as problem:
            problems.append(problem)

    thread = threading.Thread(target=read)
    thread.start()
    pipe = wait_until_read(endless.with_name("pipe.raw"))
    os.kill(pid, signal.SIGKILL)
    thread.join(30)
    os.close(pipe)

    assert not thread.is_alive()
    assert "stopped while it read" in str(problems[0])
    assert "signal 9" in str(problems[0])
    assert endless.name in str(problems[0])
    assert reader.read(picture, as_mask=False).shape_zyx == (1, 10, 20)
    assert reader.pid not in (None, pid)


@posix_only
def test_a_reader_killed_between_files_is_replaced_unseen(reader: GuardedReader, picture: Path) -> None:
    reader.read(picture, as_mask=False)
    pid = reader.pid
    assert pid is not None
    assert reader._child is not None
    os.kill(pid, signal.SIGKILL)
    reader._child.wait()
    assert reader.read(picture, as_mask=False).shape_zyx == (1, 10, 20)
    assert reader.pid != pid


@posix_only
def test_a_standstill_ends_after_the_time_given(reader: GuardedReader, picture: Path, endless: Path) -> None:
    reader.read(picture, as_mask=False)
    with pytest.raises(ScanUnreadable, match=r"not read within 0\.3 seconds"):
        reader.read(endless, as_mask=False, timeout_s=0.3)
    assert reader.pid is None
    assert reader.read(picture, as_mask=False).shape_zyx == (1, 10, 20)


def test_many_threads_get_their_own_answers(reader: GuardedReader, tmp_path: Path) -> None:
    for value in range(12):
        Image.fromarray(np.full((5, 5), value, np.uint8)).save(tmp_path / f"{value}.png")
    found: dict[int, int] = {}

    def read(value: int) -> None:
        found[value] = int(reader.read(tmp_path / f"{value}.png", as_mask=False).voxels[0, 0, 0])

    threads = [threading.Thread(target=read, args=(value,)) for value in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert found == {value: value for value in range(12)}


def test_nothing_is_left_behind(reader: GuardedReader, picture: Path) -> None:
    reader.read(picture, as_mask=False)
    assert reader._folder is not None
    folder = Path(reader._folder.name)
    assert list(folder.iterdir()) == []
    child = reader._child
    assert child is not None
    reader.close()
    assert child.poll() is not None
    assert not folder.exists()


def test_the_child_ends_with_its_parent(picture: Path, repo_root: Path) -> None:
    code = (
        "import sys, os; from pathlib import Path\n"
        "from engine.volumes.guarded_reader import READER\n"
        "READER.read(Path(sys.argv[1]), as_mask=False)\n"
        "sys.stdout.write(str(READER.pid)); sys.stdout.flush(); os._exit(0)\n"
    )
    # The pipe stays open in the child until it ends; so the output ends only when both have.
    ended = subprocess.run(
        [sys.executable, "-c", code, str(picture)],
        cwd=repo_root,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    pid = int(ended.stdout)
    if os.name != "nt":
        deadline = threading.Event()
        for _ in range(300):
            if not _runs(pid):
                break
            deadline.wait(0.1)
        assert not _runs(pid)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not (stat.exists() and stat.read_text().rsplit(")", 1)[1].split()[0] == "Z")


def test_relative_and_odd_file_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "Röntgen bilder\u00e9"
    folder.mkdir()
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(folder / "a b'ü.png")
    monkeypatch.chdir(folder)
    assert read_scan(Path("a b'ü.png")).shape_zyx == (1, 4, 4)
    (folder / "bäd.png").write_bytes(b"x")
    with pytest.raises(ScanUnreadable) as caught:
        read_scan(Path("bäd.png"))
    assert str(tmp_path) not in caught.value.message
    assert "bäd.png" in caught.value.message


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("gone.nii", "does not exist"),
        ("empty.nii", "is empty"),
        ("folder.nii", "is a folder"),
        ("notes.txt", "of a kind"),
        ("slice.mgz", "of a kind"),
    ],
)
def test_what_no_reader_need_try(name: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "empty.nii").touch()
    (tmp_path / "folder.nii").mkdir()
    for other in ("notes.txt", "slice.mgz"):
        (tmp_path / other).write_text("x")
    for read in (read_scan, read_mask):
        with pytest.raises(ScanUnreadable, match=words) as caught:
            read(tmp_path / name)
        assert caught.value.hint
    if name == "slice.mgz":
        assert "mri_convert" in caught.value.hint


def test_scans_open_without_torch(repo_root: Path) -> None:
    code = (
        "import sys, engine.volumes.reading, engine.volumes.writing, engine.volumes.view_export\n"
        "heavy = {'torch', 'transformers', 'SimpleITK', 'scipy', 'pydicom', 'gdcm'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=repo_root, check=True, timeout=60)


def test_the_window_slices_without_any_reader(repo_root: Path) -> None:
    code = (
        "import sys, engine.volumes.slicing, engine.volumes.geometry\n"
        "heavy = {'PIL', 'SimpleITK', 'pydantic', 'torch'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=repo_root, check=True, timeout=60)
