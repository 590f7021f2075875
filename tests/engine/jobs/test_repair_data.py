"""Many masks mended: new files that the dataset reads from then on, originals as they were, each fault told alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
import yaml
from PIL import Image

from engine.cli.main import main
from engine.contract.control import CancelToken
from engine.contract.errors import Cancelled, InputError
from engine.contract.events import Progress
from engine.contract.jobs import EditDataset, RepairData
from engine.data.config import DataConfig
from engine.data.findings import DatasetReport
from engine.data.listing import REPAIRED
from engine.data.report import inspect
from engine.jobs import edit_dataset, repair_data
from tests.fakes import drawn_layouts as draw


def go(job: RepairData | EditDataset, cancel: CancelToken | None = None, emit: Any = lambda _event: None) -> dict:
    module = repair_data if isinstance(job, RepairData) else edit_dataset
    return module.run(job, emit, cancel or CancelToken(), "job")


def look(folder: Path) -> DatasetReport:
    return inspect(DataConfig(folder=str(folder)), 1, lambda _event: None, CancelToken())


def kinds(report: DatasetReport) -> set[str]:
    return {problem.kind for problem in report.problems}


def originals(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file() and REPAIRED not in path.parts)
    return {path.name: path.read_bytes() for path in found if path.name != "dataset.yaml"}


@pytest.fixture
def volumes(tmp_path: Path) -> Path:
    """v0 is in order, v1 a little shifted, v2 stored the other way round, v3 somewhere else."""
    folder = tmp_path / "scans"
    for number in range(4):
        draw.volume(folder / f"images/v{number}.nii.gz", draw.scan(number))
        labels = draw.organs(1, 2)
        labels[0, 0, 0] = 1
        image = sitk.GetImageFromArray(labels)
        if number == 1:
            image.SetOrigin((0.3, 0, 0))
        if number == 2:
            image = sitk.Flip(image, [True, False, False])
        if number == 3:
            image.SetOrigin((900, 0, 0))
        (folder / "labels").mkdir(exist_ok=True)
        sitk.WriteImage(image, str(folder / f"labels/v{number}.nii.gz"))
    return folder


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """c1 and c2 have JPEG masks, c3 an inverted one, c4 an empty one, c5 a damaged one."""
    folder = tmp_path / "pictures"
    for number in range(8):
        draw.save(folder / f"images/c{number}.png", draw.photo(number))
        if number in (1, 2):
            draw.save(folder / f"masks/c{number}.jpg", draw.disc(number), quality=40)
        elif number == 3:
            draw.save(folder / "masks/c3.png", 255 - draw.disc(3))
        elif number == 4:
            draw.save(folder / "masks/c4.png", 0 * draw.disc(4))
        else:
            draw.save(folder / f"masks/c{number}.png", draw.disc(number))
    (folder / "masks/c5.png").write_bytes(b"\x89PNG damaged")
    return folder


def test_masks_come_onto_their_scans_grids_and_are_used(volumes: Path) -> None:
    before = originals(volumes)
    assert [finding.case.case_id for finding in look(volumes).cases] == ["v0"]
    result = go(RepairData(str(volumes), "geometry", ["v1", "v2", "v3"]))
    rows = {row["case_id"]: row for row in result["items"]}
    assert (rows["v1"]["how"], rows["v2"]["how"]) == ("copy-header", "reorient")
    assert "do not belong together" in rows["v3"]["error"]
    assert result["repaired"] == {f"labels/{n}.nii.gz": f"{REPAIRED}/labels/{n}.nii.gz" for n in ("v1", "v2")}
    report = look(volumes)
    assert report.layout == "dataset_yaml"
    assert {finding.case.case_id for finding in report.cases} == {"v0", "v1", "v2"}
    assert len({tuple(finding.counts.items()) for finding in report.cases}) == 1
    assert originals(volumes) == before
    log = json.loads((volumes / REPAIRED / "labels/v2.nii.gz.repair.json").read_text())
    assert log["repair"] == "reorient"
    assert log["differences"]


def test_a_mask_beside_a_scan_of_several_volumes(volumes: Path) -> None:
    several = [sitk.GetImageFromArray(draw.scan(seed)) for seed in (1, 5, 6)]
    sitk.WriteImage(sitk.JoinSeries(several), str(volumes / "images/v1.nii.gz"))
    result = go(RepairData(str(volumes), "geometry", ["v1"]))
    assert result["items"][0]["how"] == "copy-header"
    written = sitk.ReadImage(str(volumes / result["repaired"]["labels/v1.nii.gz"]))
    labels = sitk.GetArrayFromImage(sitk.ReadImage(str(volumes / "labels/v1.nii.gz")))
    assert np.array_equal(sitk.GetArrayFromImage(written), labels)
    assert "v1" in {finding.case.case_id for finding in look(volumes).cases}


def test_a_repair_is_undone_and_done_again_by_name_alone(volumes: Path) -> None:
    result = go(RepairData(str(volumes), "geometry", ["v1"]))
    go(EditDataset(str(volumes), repaired=dict.fromkeys(result["repaired"], "")))
    assert {finding.case.case_id for finding in look(volumes).cases} == {"v0"}
    assert (volumes / REPAIRED / "labels/v1.nii.gz").exists()
    go(EditDataset(str(volumes), repaired=result["repaired"]))
    assert {finding.case.case_id for finding in look(volumes).cases} == {"v0", "v1"}
    go(EditDataset(str(volumes), repaired=dict.fromkeys(result["repaired"], "")))
    again = go(RepairData(str(volumes), "geometry", ["v1"]))
    assert again["repaired"] == {"labels/v1.nii.gz": f"{REPAIRED}/labels/v1-2.nii.gz"}


def test_differences_are_compared_without_a_file(volumes: Path) -> None:
    result = go(RepairData(str(volumes), "geometry", ["v0", "v2"], only_compare=True))
    same, other = (row["preflight"] for row in result["items"])
    assert same["same"]
    assert other["offers"][0]["repair"] == "reorient"
    assert not (volumes / "dataset.yaml").exists()
    assert not (volumes / REPAIRED).exists()


def test_a_mended_copy_that_is_gone_is_told_and_the_original_read(volumes: Path) -> None:
    go(RepairData(str(volumes), "geometry", ["v1"]))
    (volumes / REPAIRED / "labels/v1.nii.gz").unlink()
    report = look(volumes)
    assert "repair_gone" in kinds(report)
    assert {finding.case.case_id for finding in report.cases} == {"v0"}


def test_lossy_masks_become_png_with_the_values_that_counted(pictures: Path) -> None:
    counts = {finding.case.case_id: dict(finding.counts) for finding in look(pictures).cases}
    result = go(RepairData(str(pictures), "lossless"))
    assert set(result["repaired"]) == {"masks/c1.jpg", "masks/c2.jpg"}
    written = np.asarray(Image.open(pictures / REPAIRED / "masks/c1.png"))
    assert set(np.unique(written)) == {0, 255}
    report = look(pictures)
    assert "mask_cut" not in kinds(report)
    assert {finding.case.case_id: dict(finding.counts) for finding in report.cases} == counts
    assert report.table.kind == "binary"


def test_an_inverted_mask_is_inverted_and_mended_twice_under_its_first_name(pictures: Path) -> None:
    whole = draw.SIZE[0] * draw.SIZE[1]
    before = {finding.case.case_id: sum(finding.counts.values()) for finding in look(pictures).cases}
    go(RepairData(str(pictures), "lossless"))
    result = go(RepairData(str(pictures), "invert", ["c1", "c3"]))
    assert result["repaired"] == {
        "masks/c1.jpg": f"{REPAIRED}/masks/c1-2.png",
        "masks/c3.png": f"{REPAIRED}/masks/c3.png",
    }
    report = look(pictures)
    now = {finding.case.case_id: sum(finding.counts.values()) for finding in report.cases}
    assert (now["c1"], now["c3"]) == (whole - before["c1"], whole - before["c3"])
    about = yaml.safe_load((pictures / "dataset.yaml").read_text())
    assert about["repaired"]["masks/c1.jpg"] == f"{REPAIRED}/masks/c1-2.png"


def test_masks_of_several_labels_are_not_inverted(volumes: Path) -> None:
    (row,) = go(RepairData(str(volumes), "invert", ["v0"]))["items"]
    assert "only a mask of one structure" in row["error"]
    assert not (volumes / "dataset.yaml").exists()


def test_cases_are_left_out_and_taken_back(pictures: Path) -> None:
    result = go(RepairData(str(pictures), "leave_out", problem="unreadable"))
    assert result["left_out"] == ["c5"]
    go(RepairData(str(pictures), "leave_out", problem="masks_empty"))
    report = look(pictures)
    assert not {"unreadable", "masks_empty"} & kinds(report)
    (told,) = [problem for problem in report.problems if problem.kind == "left_out"]
    assert (told.severity, told.cases) == ("note", ("c4", "c5"))
    go(EditDataset(str(pictures), taken_back=["c4", "c5"]))
    assert {"unreadable", "masks_empty"} <= kinds(look(pictures))


def test_earlier_edits_are_told_and_taken_back_at_any_time(pictures: Path) -> None:
    """A later session has no undo of this one."""
    go(RepairData(str(pictures), "lossless"))
    go(RepairData(str(pictures), "leave_out", problem="masks_empty"))
    told = {problem.kind: problem for problem in look(pictures).problems}
    assert (told["mended"].severity, told["mended"].cases) == ("note", ("c1", "c2"))
    back = go(RepairData(str(pictures), "originals", ["c1"]))
    assert back["repaired"] == {"masks/c1.jpg": ""}
    assert back["before"] == {"masks/c1.jpg": f"{REPAIRED}/masks/c1.png"}
    assert go(RepairData(str(pictures), "take_back"))["taken_back"] == ["c4"]
    told = {problem.kind: problem for problem in look(pictures).problems}
    assert told["mended"].cases == ("c2",)
    assert told["mask_cut"].cases == ("c1",)
    assert told["masks_empty"].cases == ("c4",)
    assert (pictures / REPAIRED / "masks/c1.png").exists()


def test_leaks_are_ended_by_moving_cases(tmp_path: Path) -> None:
    for number, (split, name) in enumerate((("train", "p1_a"), ("train", "p1_b"), ("val", "p1_c"), ("val", "p2_a"))):
        draw.save(tmp_path / f"{split}/images/{name}.png", draw.photo(number))
        draw.save(tmp_path / f"{split}/masks/{name}.png", draw.disc(number))
    # A copy of an image of another patient, in another split.
    draw.save(tmp_path / "test/images/p3_a.png", draw.photo(3))
    draw.save(tmp_path / "test/masks/p3_a.png", draw.disc(3))
    assert any(problem.mending == "regroup" for problem in look(tmp_path).problems)
    result = go(RepairData(str(tmp_path), "regroup"))
    assert result["moves"] == {"p3_a": "val"}
    report = look(tmp_path)
    assert not any(problem.mending == "regroup" for problem in report.problems)
    assert {finding.case.case_id: finding.split for finding in report.cases}["p1_a"] == "train"


def test_what_else_dataset_yaml_says_stays(pictures: Path) -> None:
    main(["data", "split", str(pictures), "--seed", "3"])
    before = yaml.safe_load((pictures / "dataset.yaml").read_text())
    go(RepairData(str(pictures), "lossless"))
    after = yaml.safe_load((pictures / "dataset.yaml").read_text())
    assert after.pop("repaired")
    assert after == before
    main(["data", "inspect", str(pictures), "--write", "--overwrite"])
    assert yaml.safe_load((pictures / "dataset.yaml").read_text())["repaired"]


def test_after_a_cancel_nothing_is_left(pictures: Path) -> None:
    token = CancelToken()

    def after_the_first(event: Any) -> None:
        if isinstance(event, Progress) and event.done >= 1:
            token.cancel()

    with pytest.raises(Cancelled):
        go(RepairData(str(pictures), "lossless", ["c1", "c2"]), token, after_the_first)
    assert not [path for path in (pictures / REPAIRED).rglob("*") if path.is_file()]
    assert not (pictures / "dataset.yaml").exists()


def test_mistakes_are_named(pictures: Path) -> None:
    with pytest.raises(InputError, match="no case zz"):
        go(RepairData(str(pictures), "lossless", ["zz"]))
    with pytest.raises(InputError, match="no repair 'magic'"):
        go(RepairData(str(pictures), "magic"))
    (pictures / "dataset.yaml").write_text("train: images\nnames: [a]\n")
    with pytest.raises(InputError, match="another program"):
        go(RepairData(str(pictures), "lossless", ["c1"]))


def test_the_command_mends_a_dataset(pictures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["data", "inspect", str(pictures)])
    assert "--kind lossless    2 cases" in "".join(capsys.readouterr())
    assert main(["data", "repair", str(pictures), "--kind", "lossless"]) == 0
    assert "2 masks mended" in "".join(capsys.readouterr())
    assert main(["data", "repair", str(pictures), "--kind", "lossless"]) == 0
    assert "Nothing is to be mended" in "".join(capsys.readouterr())
    assert main(["data", "repair", str(pictures)]) == 2
    assert "Which mask?" in "".join(capsys.readouterr())
