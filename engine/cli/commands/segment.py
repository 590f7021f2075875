"""`tunevlseg segment SCAN|FOLDER… --bundle BUNDLE --prompt TEXT… --out FILE|FOLDER`: masks on the scans' own grids."""

from __future__ import annotations

import argparse
import textwrap
from typing import Any

from engine.cli.declare import Commands
from engine.cli.show import say, table
from engine.contract.errors import OutOfRange
from engine.contract.jobs import Segment
from engine.volumes.writing import writable_suffixes


def add(commands: Commands) -> None:
    parser = commands.add(
        "segment", "Ask a bundle or base model for masks; each lies on its scan's own grid.", make, show
    )
    parser.add_argument(
        "scans",
        nargs="+",
        metavar="SCAN|FOLDER",
        help="picture, volume, DICOM folder, or a file for its series; a folder of such is gone through",
    )
    parser.add_argument(
        "--bundle", required=True, metavar="BUNDLE|MODEL", help="a bundle, or an installed model: starter"
    )
    parser.add_argument("--prompt", nargs="+", action="extend", default=[], metavar="TEXT", help="what to look for")
    parser.add_argument("--out", required=True, metavar="FILE|FOLDER")
    parser.add_argument(
        "--axis",
        default="",
        choices=["axial", "coronal", "sagittal", "acquisition", "vote"],
        help="plane of the slices that are asked (default: the one that the bundle was tuned on); vote: all three, the "
        "mean counts (three times the work)",
    )
    parser.add_argument("--threshold", type=float, default=None, metavar="0..1", help="default: the bundle's own")
    parser.add_argument(
        "--presence",
        type=float,
        default=None,
        metavar="0..1",
        help="score (mean of the 16 surest pixels of the surest slice, at the model's size) below which a phrase "
        "counts as not found and its mask is empty; 0: never (default: as calibrated by the export, else the "
        "threshold)",
    )
    parser.add_argument(
        "--series",
        default="",
        metavar="N|UID|all",
        help="which series of a DICOM folder (without it, several are listed)",
    )
    parser.add_argument(
        "--label",
        default="",
        metavar="NAME",
        help="whose learned words free phrases take, for a bundle whose labels have their own (default: nearest name)",
    )
    parser.add_argument(
        "--overwrite",
        action="store_true",
        help="replace masks that are there (without it, those that this very question made are kept, others refused)",
    )
    parser.add_argument("--measure", action="store_true", help="volume, extent, components, grey values: CSV and JSON")
    parser.add_argument(
        "--device",
        default="auto",
        choices=["auto", "cpu", "cuda", "tensorrt", "directml", "coreml"],
        help="default: the fastest that runs here",
    )
    parser.add_argument("--skip-air", action="store_true", help="do not ask slices that show air only")
    parser.add_argument(
        "--keep-encodings", action="store_true", help="keep encoded slices on disk, for further phrases another day"
    )
    parser.add_argument(
        "--cluster",
        default="",
        metavar="ADDRESS",
        help="scans are tasks of a Ray cluster whose machines share the folders; local: started on this one",
    )
    parser.add_argument(
        "--gpu-share", type=float, default=0.0, metavar="X", help="GPUs each task asks for (0.5: half one; default: 0)"
    )
    cleaner = parser.add_argument_group("a cleaner mask", "distances and sizes of pictures are in pixels")
    cleaner.add_argument("--smooth", type=float, default=0.0, metavar="MM", help="blur before the threshold")
    cleaner.add_argument("--fill-holes", action="store_true", help="fill what the mask encloses")
    cleaner.add_argument("--largest", action="store_true", help="keep the largest part only")
    cleaner.add_argument("--smallest", type=float, default=0.0, metavar="ML", help="take smaller parts away")
    files = parser.add_argument_group("files")
    files.add_argument(
        "--format",
        default="",
        metavar="SUFFIX",
        help=f"of masks in a folder: {', '.join(writable_suffixes())} (default: the scan's own)",
    )
    files.add_argument(
        "--overlap",
        default="likelier",
        choices=["likelier", "first"],
        help="who has a voxel of several phrases in one flat mask (.seg.nrrd and DICOM SEG keep all)",
    )
    files.add_argument(
        "--priority", nargs="+", default=[], metavar="TEXT", help="phrases that come first; means --overlap first"
    )
    files.add_argument(
        "--code",
        action="append",
        default=[],
        metavar="TEXT=SCHEME:VALUE:MEANING",
        help="code of a phrase, such as liver=SCT:10200004:Liver (default: what the DICOM standard lists)",
    )
    files.add_argument(
        "--dicom-seg-identity",
        default="",
        choices=["keep", "deidentify"],
        help="DICOM SEG (.dcm): patient and study as in the series, or a pseudonym; must be chosen",
    )
    files.add_argument("--fractional", action="store_true", help="DICOM SEG: probabilities instead of masks")


def make(given: argparse.Namespace) -> Segment:
    return Segment(
        list(given.scans),
        given.bundle,
        list(given.prompt),
        given.out,
        given.axis,
        given.threshold,
        given.overwrite,
        series=given.series,
        label=given.label,
        format=given.format,
        overlap=given.overlap,
        priority=list(given.priority),
        measure=given.measure,
        codes=_codes(given.code),
        identity=given.dicom_seg_identity,
        fractional=given.fractional,
        device=given.device,
        skip_air=given.skip_air,
        keep_encodings=given.keep_encodings,
        smooth=given.smooth,
        fill_holes=given.fill_holes,
        largest=given.largest,
        smallest=given.smallest,
        presence=given.presence,
        cluster=given.cluster,
        gpu_share=given.gpu_share,
    )


def _codes(given: list[str]) -> dict[str, str]:
    found = {}
    for text in given:
        prompt, separator, code = text.partition("=")
        if not separator:
            raise OutOfRange(f"--code {text!r} has no '='.", hint="Give TEXT=SCHEME:VALUE:MEANING.", field="codes")
        found[" ".join(prompt.split())] = code
    return found


def _borrows(mask: dict[str, Any]) -> bool:
    """A label's own phrase takes its own learned words: nothing to tell."""
    return bool(mask.get("label_used")) and mask.get("label") is None


def show(result: dict[str, Any]) -> int:
    rows = [
        [
            textwrap.shorten(mask["prompt"], 48, placeholder=" …"),
            "yes" if mask["found"] else "not found",
            mask["voxels"],
            mask.get("ml"),
            mask.get("mask", ""),
        ]
        for mask in result["masks"]
    ]
    say(table(["prompt", "found", "voxels", "ml", "mask"], rows))
    borrowed = {mask["prompt"]: mask["label_used"] for mask in result["masks"] if _borrows(mask)}
    if borrowed:
        say("\nAsked with the learned words of: " + "; ".join(f"{prompt}: {name}" for prompt, name in borrowed.items()))
    say(f"\n{result['seconds']:.1f} s on {result['provider']}")
    if result.get("notice"):
        say(str(result["notice"]))
    if result.get("skipped"):
        say(f"\n{len(result['skipped'])} done before, as the receipts of the masks say.")
    if result.get("summary"):
        say(f"Summary: {result['summary'][0]}")
    failed = result["failed"]
    if failed:
        say(f"\n{len(failed)} of the scans could not be segmented:")
    for entry in failed:
        say(f"  {entry['message']}" + (f"\n    {entry['hint']}" if entry["hint"] else ""))
    return 2 if failed else 0
