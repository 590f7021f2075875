"""A folder of scans by tasks of a cluster: the same files as by one process, whatever happens to the workers."""

from __future__ import annotations

import csv
import itertools
import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image

from engine.bundle.reader import Bundle
from engine.contract import wire
from engine.contract.control import CancelToken
from engine.contract.errors import BundleError, InputError, OutOfRange, ResourceError
from engine.contract.events import Event, JobCancelled, JobFailed, JobFinished, Log, Progress
from engine.contract.jobs import Segment, SegmentPart
from engine.jobs import segment, segment_part
from engine.jobs.segment_account import Account
from engine.jobs.segment_cluster import (
    MOST_IN_BUNCH,
    MOST_LOSSES,
    SMALL_BYTES,
    TOKEN,
    ClusterBatch,
    Part,
    bunches,
    raised,
)
from engine.jobs.segment_items import find_items
from engine.jobs.segment_names import ScanNames, plan_names
from engine.jobs.segment_part import plan_from, plan_values
from engine.jobs.segment_question import Question
from engine.jobs.segment_summary import NAME, BatchProgress
from tests.fakes.processes import Command
from tests.fakes.ray_nodes import Nodes, ray_nodes
from tests.fakes.tiny_bundle import write_tiny_bundle


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return write_tiny_bundle(tmp_path / "bundle" / "tiny.vlseg")


def draw(folder: Path, volumes: int, pictures: int, slices: int = 4) -> Path:
    """Volumes and pictures of noise, one picture that is none, and what is no scan."""
    folder.mkdir()
    for number in range(volumes):
        voxels = np.random.default_rng(number).integers(0, 256, (slices, 16, 16)).astype(np.uint8)
        sitk.WriteImage(sitk.GetImageFromArray(voxels), str(folder / f"volume-{number}.nii.gz"))
    for number in range(pictures):
        pixels = np.random.default_rng(1000 + number).integers(0, 256, (16, 16, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"picture-{number}.png")
    (folder / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n truncated")
    (folder / "notes.txt").write_text("no scan")
    return folder


def job(scans: Path, bundle: Path, out: Path, **more: Any) -> Segment:
    return Segment([str(scans)], str(bundle), ["bright", "red"], str(out), **more)


def go(asked: Segment) -> dict[str, Any]:
    return segment.run(asked, lambda _: None, CancelToken(), "job")


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


# -- what is one task ------------------------------------------------------------------------------------------------


def plans_of(folder: Path, sizes: list[int], suffix: str) -> list[ScanNames]:
    folder.mkdir()
    scans = [folder / f"{number}{suffix}" for number in range(len(sizes))]
    for scan, size in zip(scans, sizes, strict=True):
        with scan.open("wb") as file:
            file.truncate(size)
    return [ScanNames(scan, scan.stem, (None,), None) for scan in scans]


@pytest.mark.parametrize(("kind", "suffix"), [("pictures", ".png"), ("volumes", ".nii")])
def test_small_scans_share_a_task_and_large_ones_do_not(tmp_path: Path, kind: str, suffix: str) -> None:
    large = SMALL_BYTES[kind] + 1
    plans = plans_of(tmp_path / "scans", [large, *[SMALL_BYTES[kind]] * 100, large], suffix)
    plans.append(ScanNames(tmp_path, "series", (None,), None))  # a folder of slices
    found = bunches(plans, 2)
    assert sorted(itertools.chain(*found)) == list(range(103))
    assert {0, 101, 102} <= {places[0] for places in found if len(places) == 1}
    shared = [places for places in found if places[0] not in (0, 101, 102)]
    assert all(1 < len(places) <= 100 // 8 for places in shared)
    assert max(len(places) for places in bunches(plans, 1)) <= MOST_IN_BUNCH
    # With room for all of them at once, each has a task of its own.
    assert all(len(places) == 1 for places in bunches(plans, 100))


def test_names_of_files_travel_as_plain_values(bundle: Path, tmp_path: Path) -> None:
    asked = job(draw(tmp_path / "study", 2, 1), bundle, tmp_path / "masks", measure=True)
    plans = plan_names(find_items(asked, CancelToken()).items, asked.prompts, Path(asked.out), measure=True)
    assert [plan_from(json.loads(json.dumps(plan_values(plan)))) for plan in plans] == plans


# -- what a worker refuses -------------------------------------------------------------------------------------------


@pytest.fixture
def part(bundle: Path, tmp_path: Path) -> SegmentPart:
    asked = job(draw(tmp_path / "study", 2, 1), bundle, tmp_path / "masks")
    plans = plan_names(find_items(asked, CancelToken()).items, asked.prompts, Path(asked.out))
    token = tmp_path / "masks" / TOKEN
    token.parent.mkdir()
    token.touch()
    return SegmentPart(
        asdict(asked), [plan_values(plan) for plan in plans], str(bundle), Bundle.open(bundle).sha256, str(token)
    )


def test_a_worker_does_its_part_and_says_what_became_of_each(part: SegmentPart) -> None:
    again, _ = wire.job_from_line(wire.job_to_line(part, "job"))
    assert isinstance(again, SegmentPart)
    result = segment_part.run(again, lambda _: None, CancelToken(), "job")
    json.dumps(result)
    problems = [outcome["problem"] for outcome in result["outcomes"]]
    assert sum(problem is not None for problem in problems) == 1
    assert all(
        Path(mask["mask"]).is_file() for outcome in result["outcomes"] for mask in outcome["made"].get("masks", ())
    )
    assert [message for message, level in result["said"] if level == "error" and "bad.png" in message]


def test_a_worker_with_other_bytes_of_the_bundle_refuses(part: SegmentPart, bundle: Path, tmp_path: Path) -> None:
    write_tiny_bundle(bundle, name="another")
    with pytest.raises(BundleError, match=r"has another bundle tiny\.vlseg") as caught:
        segment_part.run(part, lambda _: None, CancelToken(), "job")
    assert "Copy it to the same place" in caught.value.hint
    bundle.unlink()
    with pytest.raises(BundleError, match=r"has no bundle tiny\.vlseg"):
        segment_part.run(part, lambda _: None, CancelToken(), "job")
    assert [path.name for path in (tmp_path / "masks").iterdir()] == [TOKEN]


def test_a_worker_without_the_base_weights_refuses(part: SegmentPart, tmp_path: Path) -> None:
    """What is missing is missing there: whoever asks has them."""
    elsewhere = replace(part, bundle=str(tmp_path / "nowhere"), asked={**part.asked, "bundle": "not-installed-here"})
    with pytest.raises(BundleError, match=r"A machine of the cluster has no bundle not-installed-here"):
        segment_part.run(elsewhere, lambda _: None, CancelToken(), "job")


def test_what_is_wrong_with_a_scan_comes_whole(part: SegmentPart, bundle: Path, tmp_path: Path) -> None:
    result = segment_part.run(part, lambda _: None, CancelToken(), "job")
    (told,) = [outcome["problem"] for outcome in result["outcomes"] if outcome["problem"]]
    asked = job(tmp_path / "study" / "bad.png", bundle, tmp_path / "alone")
    with pytest.raises(InputError) as caught:
        go(asked)
    alone = caught.value
    again = raised(JobFailed("job", **told))
    assert type(again) is type(alone)
    assert (again.message, again.hint, again.field) == (alone.message, alone.hint, alone.field)


def test_a_worker_that_does_not_see_the_folder_of_masks_refuses(part: SegmentPart) -> None:
    Path(part.token).unlink()
    with pytest.raises(InputError, match="does not see the folder") as caught:
        segment_part.run(part, lambda _: None, CancelToken(), "job")
    assert "share" in caught.value.hint


# -- what the one who asks refuses, and what a lost worker costs -----------------------------------------------------


def test_without_ray_and_with_what_cannot_be(bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = draw(tmp_path / "study", 1, 1)
    with pytest.raises(InputError, match="masks are written"):
        go(job(study, bundle, Path(), save=False, cluster="local"))
    with pytest.raises(OutOfRange, match="no 2 GPUs"):
        go(job(study, bundle, tmp_path / "masks", cluster="local", gpu_share=2))
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ResourceError, match="Ray is not installed") as caught:
        go(job(study, bundle, tmp_path / "masks", cluster="local"))
    assert "tunevlseg[cluster]" in caught.value.hint
    assert not (tmp_path / "masks").exists()


def test_a_scan_that_ends_its_worker_each_time_costs_the_others_nothing(bundle: Path, tmp_path: Path) -> None:
    asked = job(draw(tmp_path / "study", 2, 1), bundle, tmp_path / "masks")
    plans = plan_names(find_items(asked, CancelToken()).items, asked.prompts, Path(asked.out))
    question = Question.of(asked, Bundle.open(bundle), lambda _: None, "job")
    account, said = Account(asked, question.writer, question.plane, plans), list[Event]()
    batch = ClusterBatch(question, account, said.append, CancelToken(), "job")
    progress = BatchProgress(said.append, "job", len(plans))
    again = batch._lost(Part([0, 1, 2]), "WorkerCrashedError", progress)
    assert sorted(part.places for part in again) == [[0], [1], [2]]  # each alone from now on
    one = next(part for part in again if part.places == [1])
    for _ in range(MOST_LOSSES - 2):
        (one,) = batch._lost(one, "WorkerCrashedError", progress)
    assert batch._lost(one, "WorkerCrashedError", progress) == []
    account.raise_if_all_failed()  # the others may still end well
    (failed,) = account.result()["failed"]
    assert "ended its worker 3 times" in failed["message"]
    assert str(tmp_path) not in failed["message"]
    levels = [event.level for event in said if isinstance(event, Log)]
    assert levels == ["warning", *["warning"] * (MOST_LOSSES - 2), "error"]


def batch_of(asked: Segment) -> ClusterBatch:
    plans = plan_names(find_items(asked, CancelToken()).items, asked.prompts, Path(asked.out))
    question = Question.of(asked, Bundle.open(Path(asked.bundle)), lambda _: None, "job")
    account = Account(asked, question.writer, question.plane, plans)
    return ClusterBatch(question, account, lambda _: None, CancelToken(), "job")


def test_two_that_write_into_one_folder_do_not_end_each_other(bundle: Path, tmp_path: Path) -> None:
    study, out = draw(tmp_path / "study", 1, 1), tmp_path / "masks"
    one, other = batch_of(job(study, bundle, out)), batch_of(job(study, bundle, out, overwrite=True))
    with one._shared_folder() as mine:
        with other._shared_folder():
            pass
        assert mine.is_file()
        with batch_of(job(study, bundle, out))._shared_folder() as again:
            assert again == mine  # the same command takes over what a killed one left
    assert list(out.iterdir()) == []


def test_a_bug_in_a_task_is_a_bug_of_the_job(bundle: Path, tmp_path: Path) -> None:
    batch = batch_of(job(draw(tmp_path / "study", 1, 1), bundle, tmp_path / "masks"))
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        batch._ended(
            Part([0]), JobFailed("job", "A bug: ZeroDivisionError", error="Bug"), BatchProgress(print, "job", 2)
        )


# -- a real cluster --------------------------------------------------------------------------------------------------


@pytest.fixture
def nodes() -> Iterator[Nodes]:
    with ray_nodes() as found:
        yield found


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_cluster_that_loses_a_node_leaves_the_files_of_one_process(
    bundle: Path, tmp_path: Path, nodes: Nodes
) -> None:
    study = draw(tmp_path / "study", 40, 30, slices=60)
    here = go(job(study, bundle, tmp_path / "here", measure=True))
    nodes.start(head=False)
    nodes.until_joined(1)
    out = tmp_path / "there"
    asked = [str(study), "--bundle", str(bundle), "--prompt", "bright", "red", "--out", str(out), "--measure"]

    def segmented(name: str) -> Command:
        found = Command(tmp_path / name, "segment", *asked, "--cluster", nodes.address, env=nodes.env)
        running.callback(found.kill)
        return found

    with ExitStack() as running:
        cluster = segmented("first")
        cluster.until(lambda: len(list(out.glob("*_bright.*"))) > 20)
        nodes.kill(1)
        assert cluster.process.wait(300) == 2, cluster.said()[-3000:]  # one scan of several cannot be segmented
        there = next(event.result for event in cluster.events() if isinstance(event, JobFinished))
        said = [event.message for event in cluster.events() if isinstance(event, Log)]
        assert any("A worker was lost" in message for message in said)
        # Masks, their receipts, legends and measurements: the same bytes.
        mine, theirs = files_of(tmp_path / "here"), files_of(out)
        assert {name for name in mine if mine[name] != theirs.get(name)} <= {f"{NAME}.csv", f"{NAME}.json"}
        assert set(mine) == set(theirs)
        names = [Path(entry["mask"]).name for entry in there["masks"]]
        assert names == [Path(entry["mask"]).name for entry in here["masks"]]
        assert [entry["scan"] for entry in there["failed"]] == [entry["scan"] for entry in here["failed"]]
        assert there["left_out"] == here["left_out"] == 1
        steps = [event for event in cluster.events() if isinstance(event, Progress) and event.unit == "scans"]
        assert (steps[-1].done, steps[-1].total) == (71, 71)
        assert all(one.done <= other.done for one, other in itertools.pairwise(steps))
        assert any(event.eta is not None for event in steps)
        # Again: all of them are done before, as the receipts say; a file that is nobody's is not replaced.
        (out / "volume-0_red.nii.gz").unlink()
        (out / "volume-0_red.nii.gz.receipt.json").unlink(missing_ok=True)
        (out / "picture-0_red.png").write_bytes(b"mine")
        (out / "picture-0_red.png.receipt.json").unlink(missing_ok=True)
        again = segmented("second")
        assert again.process.wait(300) == 2
        result = next(event.result for event in again.events() if isinstance(event, JobFinished))
        assert len(result["skipped"]) == 68
        assert (out / "picture-0_red.png").read_bytes() == b"mine"
        assert any("already exists" in entry["message"] for entry in result["failed"])
        assert (out / "volume-0_red.nii.gz").read_bytes() == mine["volume-0_red.nii.gz"]


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(os.name == "nt", reason="Ctrl+C is sent otherwise there")
def test_a_cancel_leaves_whole_files_and_the_next_call_goes_on(bundle: Path, tmp_path: Path, nodes: Nodes) -> None:
    study, out = draw(tmp_path / "study", 12, 0, slices=1500), tmp_path / "masks"
    asked = [str(study), "--bundle", str(bundle), "--prompt", "bright", "--out", str(out), "--cluster", nodes.address]
    with ExitStack() as running:
        cut = Command(tmp_path / "cut", "segment", *asked, env=nodes.env)
        running.callback(cut.kill)
        cut.until(lambda: any(isinstance(event, Progress) and event.done >= 2 for event in cut.events()))
        cut.process.send_signal(signal.SIGINT)
        assert cut.process.wait(60) == 130, cut.said()[-3000:]
        assert isinstance(cut.events()[-1], JobCancelled)
        assert not [path.name for path in out.iterdir() if path.name.startswith(".")]
        states = [row["state"] for row in csv.DictReader((out / f"{NAME}.csv").open())]
        assert states.count("done") >= 1  # the picture that is none was reached, too
        assert states.count("not reached") >= 1
        again = Command(tmp_path / "again", "segment", *asked, env=nodes.env)
        running.callback(again.kill)
        assert again.process.wait(300) == 2  # the picture that is none
        result = next(event.result for event in again.events() if isinstance(event, JobFinished))
        assert len(result["skipped"]) >= 1
        assert len(result["masks"]) == 12
