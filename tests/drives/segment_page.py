"""The Segment page driven by mouse and keyboard of an X server, from a scan to a mask and past a kill.

    xvfb-run -a -s "-screen 0 2800x1800x24" python -m tests.drives.segment_page --out FOLDER
        [--scan sample|nifti|dicom|dicom-seg] [--theme light|dark] [--scale 2]

Opens the scan, looks at three planes, asks two phrases, moves the threshold, edits, takes everything back and does it
again, saves as .seg.nrrd (and as DICOM SEG, of a series), opens what was saved and compares, with the truth too; then
kills the window in the middle of a stroke, starts it again and brings the edits back. FOLDER receives pictures.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK

from engine.contract.control import CancelToken
from engine.contract.jobs import PrepareSamples
from engine.jobs.perform import run_job
from engine.volumes.formats.dicom_seg import DicomSeg
from engine.volumes.reading import read_scan
from tests.drives.hand import ROOT, Hand, StepFailed
from tests.drives.program import exit_code, fresh_folders, options
from tunevlseg_gui.frame.page_list import PAGES

REAL = ROOT.parent / "shared" / "data" / "totalsegmentator_ct"
SCANS = ("sample", "nifti", "dicom", "dicom-seg")
DEMO_VOLUME = "abdomen-ct-volume"
NO_ROOM = (0.15, 0.12)
"""Of a slice: a corner where there is no patient."""


@dataclass(frozen=True)
class Scan:
    """`given` is typed into the file dialog; `truth` lies on its grid, with `label` for the first phrase."""

    given: Path
    truth: Path
    label: int
    phrases: tuple[str, str] = ("liver", "right kidney")
    as_dicom_seg: bool = False


def scan_of(name: str, work: Path) -> Scan:
    """One of SCANS. Raises FileNotFoundError where ../shared/data is not there."""
    if name == "sample":
        drawn = run_job(PrepareSamples("", [DEMO_VOLUME]), lambda _event: None, CancelToken(), "samples")
        volume = Path(str(drawn["volume"]))
        labels = json.loads((volume.parents[1] / "dataset.json").read_text(encoding="utf-8"))["labels"]
        value = next(label["value"] for label in labels if label["phrase"] == "liver")
        return Scan(volume, volume.parents[1] / "masks" / volume.name, int(value))
    if not REAL.is_dir():
        raise FileNotFoundError("needs the folder ../shared/data beside the project")
    if name == "nifti":
        return Scan(REAL / "example_ct.nii.gz", REAL / "example_seg_fast_force_split.nii.gz", 5)
    if name == "dicom-seg":
        # The other series has no UIDs that a DICOM SEG could refer to.
        folder = REAL.parent / "dcmqi_dicom_seg"
        return Scan(folder / "ct-3slice" / "01.dcm", folder / "liver_spine_seg.nrrd", 1, as_dicom_seg=True)
    series = sorted((REAL / "example_ct_dicom").iterdir())
    truth = work / "truth.nii.gz"
    # Its rows are stored the other way round than the series': the same voxels, brought onto its grid.
    SimpleITK.WriteImage(SimpleITK.DICOMOrient(SimpleITK.ReadImage(REAL / "example_seg_dicom.nii.gz"), "LPS"), truth)
    return Scan(series[0], truth, 5)


def drive(hand: Hand, scan: Scan, theme: str, work: Path) -> None:
    """The whole road. Raises StepFailed at the first step that does not come to its end."""
    hand.start()
    hand.choose_theme(theme)
    _open(hand, scan.given)
    _look(hand)
    _ask(hand, scan)
    _threshold(hand)
    _look_at_answers(hand, scan)
    _edit_and_take_back(hand, scan.phrases[0])
    saved = _save(hand, scan, work)
    _reopen_and_compare(hand, scan, saved)
    kept = _die_in_a_stroke(hand, scan.phrases[0])
    _recover(hand, kept)
    hand.close()


def _open(hand: Hand, path: Path) -> None:
    hand.keys(f"ctrl+{[name for name, *_ in PAGES].index('segment')}")
    hand.wait("The Segment page comes", lambda: bool(hand.state()["page"]))
    hand.wait("A model is offered", lambda: bool(hand.state()["model"]))
    hand.picture("empty")
    hand.press("emptyOpenScanButton")
    hand.answer_file_dialog(path)
    hand.wait_for("The scan is shown", scan=str(path), busy=False)
    hand.wait("The slices are counted", lambda: bool(hand.state()["profiled"]) or not hand.state()["layers"])
    hand.picture("opened")


def _look(hand: Hand) -> None:
    middle = hand.ask("point", view=0, down=0.5, right=0.5)
    hand.click(middle)
    before = hand.state()
    hand.wheel(down=False)
    hand.wait("The wheel turns slices", lambda: hand.state()["index"] == before["index"] + 1)
    hand.keys("t")
    hand.wait("Three planes are shown", lambda: len(hand.state()["planes"]) == 3)
    for plane, letters in zip(hand.state()["planes"], hand.state()["letters"], strict=True):
        hand.wait(f"{plane} has letters", lambda letters=letters: all(letters))
    where = hand.state()["cursor"]
    hand.click(hand.ask("point", view=1, down=0.4, right=0.35))
    hand.wait("A click in another plane moves the crosshair", lambda: hand.state()["cursor"] != where)
    hand.keys("1")  # a CT window by its key
    hand.hover(hand.ask("point", view=0, down=0.55, right=0.4))
    hand.wait("The readout tells the place", lambda: "mm" in hand.state()["readout"])
    hand.picture("three-planes")


def _ask(hand: Hand, scan: Scan) -> None:
    hand.keys("slash")
    hand.wait("The slash goes to the phrases", lambda: hand.ask("focus")["widget"] == "promptEdit")
    first, second = scan.phrases
    hand.type(first)
    hand.keys("shift+Return")
    hand.type(second)
    hand.press("liveCheck")
    hand.wait("This slice is asked while nobody types", lambda: hand.state()["status"].startswith("This slice: "))
    hand.picture("this-slice")
    hand.keys("Escape")
    hand.wait("Esc takes it away", lambda: not hand.state()["layers"])
    hand.press("liveCheck")
    hand.keys("ctrl+Return")
    hand.wait("The model is asked", lambda: bool(hand.state()["busy"]))
    hand.picture("asking")
    hand.wait(
        "Both phrases are answered",
        lambda: [layer["phrase"] for layer in hand.state()["layers"] if layer["answered"]] == list(scan.phrases),
    )
    hand.wait_for("The answer is there", busy=False)
    hand.wait("The slices are counted", lambda: bool(hand.state()["profiled"]))
    hand.picture("answered")
    if not any(layer["voxels"] for layer in hand.state()["layers"]):
        # A base model may find nothing of a real scan: what it says all the same is looked at.
        hand.press("showNotFoundCheck")
        hand.wait("What is not found is shown", lambda: any(layer["visible"] for layer in hand.state()["layers"]))


def _look_at_answers(hand: Hand, scan: Scan) -> None:
    """Hover, heat map, one mask alone, what was asked before."""
    here = _inside_of_a_mask(hand)
    hand.wait("The mask under the mouse is told", lambda: hand.state()["highlighted"] in scan.phrases)
    hand.picture("under-the-mouse")
    hand.click(here)
    hand.keys("shift+p")
    hand.wait_for("Probabilities are shown", heat=True)
    hand.picture("heat-map")
    hand.keys("shift+p")
    hand.wait_for("And masks again", heat=False)
    hand.press("phraseMenuButton")
    hand.wait("The menu of phrases opens", lambda: bool(hand.ask("focus")["popup"]))
    hand.picture("asked-before")
    hand.keys("Escape")
    hand.wait("It closes", lambda: not hand.ask("focus")["popup"])


def _inside_of_a_mask(hand: Hand) -> list[int]:
    """Moves the mouse over the slice until it is over one."""
    for down in (0.5, 0.4, 0.6, 0.3, 0.7):
        for right in (0.3, 0.4, 0.5, 0.6, 0.7):
            at: list[int] = hand.ask("point", view=0, down=down, right=right)
            hand.hover(at)
            time.sleep(0.05)
            if hand.state()["highlighted"]:
                return at
    raise StepFailed("No mask is under the mouse anywhere on the slice.")


def _threshold(hand: Hand) -> None:
    hand.press("thresholdSlider")
    hand.keys("Home")
    hand.wait("The threshold is lowest", lambda: hand.state()["threshold"] < 0.02)
    lowest = [layer["voxels"] for layer in hand.state()["layers"]]
    hand.keys("Right", times=29)
    hand.wait("The threshold is 0.3", lambda: abs(hand.state()["threshold"] - 0.3) < 0.005)
    fewer = [layer["voxels"] for layer in hand.state()["layers"]]
    if not all(after <= before for before, after in zip(lowest, fewer, strict=True)) or sum(fewer) >= sum(lowest):
        raise StepFailed(f"A higher threshold left {fewer} of {lowest} voxels.")
    hand.picture("threshold")


def _stroke(hand: Hand, down: float, *, let_go: bool = True) -> None:
    """Across the middle of the slice; `down`: near its upper edge, where no model sees anything."""
    points = [hand.ask("point", view=0, down=down, right=right) for right in (0.35, 0.4, 0.45, 0.5, 0.55)]
    hand.drag(points, let_go=let_go)


def _edit_and_take_back(hand: Hand, phrase: str) -> None:
    hand.choose("editLayerCombo", phrase)
    hand.press("paintTool")
    hand.wait_for("The brush is taken", tool="paint", editing="")
    hand.wait("Editing has begun", lambda: any(layer["edited"] for layer in hand.state()["layers"]))
    begun = hand.ask("mask", phrase=phrase)
    _stroke(hand, 0.1)
    hand.wait("A stroke is drawn", lambda: hand.ask("mask", phrase=phrase) != begun)
    hand.wait_for("It can be taken back", undo="Paint")
    hand.picture("painted")
    hand.press("eraseTool")
    hand.wait_for("The eraser is taken", tool="erase")
    painted = hand.ask("mask", phrase=phrase)
    points = [hand.ask("point", view=0, down=down, right=0.45) for down in (0.06, 0.1, 0.14)]
    hand.drag(points)
    hand.wait("The eraser erases", lambda: hand.ask("mask", phrase=phrase) != painted)
    hand.press("editMore")
    hand.press("smoothAction")
    hand.wait_for("The mask is smoothed", undo="Smooth", editing="")
    last, layers = hand.ask("mask", phrase=phrase), hand.state()["layers"]
    hand.keys("Escape")  # puts the tool down
    hand.wait_for("The tool is put down", tool="")
    hand.click(hand.ask("point", view=0, down=NO_ROOM[0], right=NO_ROOM[1]))  # the keyboard goes to the slice
    steps = 0
    while hand.state()["undo"]:
        step = hand.state()["undo"]
        hand.keys("ctrl+z")
        hand.wait(f"“{step}” is taken back", lambda: not hand.state()["editing"] and bool(hand.state()["redo"]))
        steps += 1
        if steps > 20:
            raise StepFailed("There is no end of what can be taken back.")
    if hand.state()["layers"]:
        raise StepFailed("Everything was taken back, but masks are still shown.")
    hand.picture("all-taken-back")
    for _ in range(steps):
        hand.keys("ctrl+shift+z")
        hand.wait_for("It is done again", editing="")
    hand.wait("Everything is done again", lambda: hand.state()["layers"] == layers and not hand.state()["redo"])
    if hand.ask("mask", phrase=phrase) != last:
        raise StepFailed("Taking back and doing again changed the mask.")
    hand.picture("done-again")


def _save(hand: Hand, scan: Scan, work: Path) -> dict[str, Path]:
    """What was saved, by its ending; each is read back and compared with what is on the screen, bit by bit."""
    saved = {}
    endings = [".seg.nrrd", *([".dcm"] if scan.as_dicom_seg else [])]
    shown = work / "shown.npy"
    for ending in endings:
        target = work / f"saved{ending}"
        hand.press("saveMaskButton")
        hand.answer_file_dialog(target)
        if ending == ".dcm":
            hand.wait("The patient is asked about", lambda: bool(hand.ask("focus")["dialog"]))
            hand.picture("identity")
            hand.press("keepIdentityButton")
        hand.wait("It is saved", lambda target=target: hand.state()["status"] == f"Saved {target}")
        saved[ending] = target
        for phrase in scan.phrases:
            hand.ask("mask", phrase=phrase, path=str(shown))
            _check_saved(target, phrase, np.load(shown), scan)
    hand.picture("saved")
    return saved


def _check_saved(path: Path, phrase: str, shown: np.ndarray, scan: Scan) -> None:
    if path.suffix == ".dcm":
        volume = read_scan(scan.given)
        segments = DicomSeg().read_segments(path).onto(volume.geometry, shown.shape) or ()
        found = {segment.name: segment.voxels for segment in segments}
    else:
        found = _segments_as_itk_reads_them(path)
    if phrase not in found:
        raise StepFailed(f"{path.name} holds {sorted(found)}, not {phrase}.")
    if not np.array_equal(found[phrase], shown):
        raise StepFailed(f"{path.name} is not what was shown of {phrase}.")


def _segments_as_itk_reads_them(path: Path) -> dict[str, np.ndarray]:
    image = SimpleITK.ReadImage(path)
    voxels = SimpleITK.GetArrayFromImage(image)
    layers = voxels if voxels.ndim == 4 else voxels[..., None]
    found, number = {}, 0
    while image.HasMetaDataKey(f"Segment{number}_Name"):
        name, value, layer = (image.GetMetaData(f"Segment{number}_{key}") for key in ("Name", "LabelValue", "Layer"))
        found[name] = layers[..., int(layer)] == int(value)
        number += 1
    return found


def _reopen_and_compare(hand: Hand, scan: Scan, saved: dict[str, Path]) -> None:
    phrase = scan.phrases[0]  # where segments overlap, a comparison counts the first one's voxels
    for path in saved.values():
        hand.press("compareButton")
        hand.answer_file_dialog(path)
        hand.wait("It is compared", lambda: "Dice over the whole scan: " in hand.state()["dice"])
        hand.choose("compareLayerCombo", phrase)
        hand.choose("compareLabelCombo", "label 1")
        hand.wait(f"{path.name} is what is shown", lambda: hand.state()["dice"].endswith("1.000"))
        hand.press("endCompareButton")
    hand.press("compareButton")
    hand.answer_file_dialog(scan.truth)
    hand.wait("The truth is compared", lambda: "Dice over the whole scan: " in hand.state()["dice"])
    hand.choose("compareLayerCombo", scan.phrases[0])
    hand.choose("compareLabelCombo", f"label {scan.label}")
    hand.wait("Dice is counted", lambda: hand.state()["dice"][-1:].isdigit())
    hand.picture("compared")
    hand.press("endCompareButton")


def _die_in_a_stroke(hand: Hand, phrase: str) -> tuple[str, str]:
    """The phrase that was edited, and its mask as it was last kept on disk."""
    hand.choose("editLayerCombo", phrase)
    folder = hand.home / "data" / "unsaved"
    hand.press("paintTool")
    hand.wait_for("The brush is taken", tool="paint", editing="")
    before = hand.ask("mask", phrase=phrase)
    _stroke(hand, 0.18)
    hand.wait("A stroke is drawn", lambda: hand.ask("mask", phrase=phrase) != before)
    hand.wait("It is kept on disk", lambda: any(folder.glob("[!.]*.npz")))
    time.sleep(1.0)  # a writing that goes on may end
    kept = hand.ask("mask", phrase=phrase)
    _stroke(hand, 0.04, let_go=False)
    hand.kill()
    hand.let_go()
    return phrase, kept


def _recover(hand: Hand, kept: tuple[str, str]) -> None:
    phrase, mask = kept
    hand.start()
    hand.wait("The Start page tells of edits", lambda: hand.ask("where", name="openUnsaved") is not None)
    hand.picture("start-after-the-kill")
    hand.press("openUnsaved")
    hand.wait("The edits are offered", lambda: bool(hand.state().get("recovery")))
    hand.picture("offered")
    hand.press("restoreEdits")
    hand.wait("They are back", lambda: phrase in [layer["phrase"] for layer in hand.state()["layers"]])
    if hand.ask("mask", phrase=phrase) != mask:
        raise StepFailed("What came back is not what was kept.")
    hand.wait("The slices are counted", lambda: bool(hand.state()["profiled"]))
    hand.picture("recovered")


def visit(out: Path, scan_name: str, theme: str, scale: float, patience: float) -> list[Path]:
    """The pictures that were taken, in `out`, whose old ones go. Raises StepFailed, FileNotFoundError."""
    home, work = fresh_folders(out)
    hand = Hand(home, out, scale, patience)
    try:
        drive(hand, scan_of(scan_name, work), theme, work)
    finally:
        hand.close()
    return hand.taken


def main() -> int:
    parser = options(__doc__)
    parser.add_argument("--scan", choices=SCANS, default="sample")
    given = parser.parse_args()
    out: Path = given.out.absolute()
    return exit_code(out, lambda: visit(out, given.scan, given.theme, given.scale, given.patience))


if __name__ == "__main__":
    sys.exit(main())
