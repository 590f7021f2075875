"""What may be asked about scans and masks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class ListSeries:
    """What a DICOM file or folder offers; result: `series` (an entry each, see engine.volumes.dicom.entry), `stamp`."""

    path: str


@dataclass(frozen=True, slots=True)
class OpenScan:
    """Reads a scan in the guarded child and writes its voxels as .npy for the viewer."""

    path: str
    out: str  # folder that receives voxels.npy and scan.json
    series: str = ""  # which of several DICOM series: its number in the list, its short hash, or its UID
    is_mask: bool = False  # labels are read, of a DICOM SEG too


@dataclass(frozen=True, slots=True)
class Segment:
    """Masks on the scans' own grids. `out` is a file for one scan and one mask, else a folder."""

    scans: list[str]
    bundle: str
    prompts: list[str]
    out: str = ""
    axis: str = ""  # "": the plane that the bundle was tuned on; "vote": the mean of axial, coronal and sagittal
    threshold: float | None = None  # None: the bundle's
    overwrite: bool = False
    probabilities: str = ""  # folder that receives one .npy of uint8 probabilities a prompt (for the viewer)
    save: bool = True  # False: probabilities only, nothing is written beside them
    label: str = ""  # whose learned words free phrases take, where labels have their own; empty: the nearest name
    series: str = ""  # as for OpenScan; goes with one scan; "all": each of them
    format: str = ""  # suffix of masks in a folder (".seg.nrrd"); empty: the scan's own
    overlap: str = "likelier"  # who has a voxel of several phrases in one flat mask: likelier | first
    priority: list[str] = field(default_factory=list)  # phrases that come first, in this order; then overlap is "first"
    measure: bool = False  # measurements beside the masks, as CSV and JSON
    codes: dict[str, str] = field(default_factory=dict)  # phrase → SCHEME:VALUE:MEANING, or CATEGORY/TYPE of such
    colours: dict[str, str] = field(default_factory=dict)  # phrase → #rrggbb; empty: the label's, else a palette
    identity: str = ""  # DICOM SEG: keep (patient and study of the series) | deidentify; must be chosen
    fractional: bool = False  # DICOM SEG: probabilities instead of masks
    device: str = "auto"  # auto | cpu | cuda | tensorrt | directml | coreml
    skip_air: bool = False  # slices that show air only are not asked
    keep_encodings: bool = False  # on disk: a further phrase on the scan is quick next week too
    smooth: float = 0.0  # standard deviation of a blur before the threshold: mm, px for pictures
    fill_holes: bool = False
    largest: bool = False  # the largest part only
    smallest: float = 0.0  # parts smaller than this go: ml, px for pictures
    slices: list[int] = field(default_factory=list)  # first, last along `axis`, for a look: no others are asked
    presence: float | None = None  # score from which a phrase counts as found; 0: always; None: the bundle's rule
    cluster: str = ""  # address of a Ray cluster whose tasks do the scans, "local": started here; empty: this process
    gpu_share: float = 0.0  # of a GPU, that each task in the cluster asks for


@dataclass(frozen=True, slots=True)
class SegmentPart:
    """Some scans of a Segment, done by a task of its cluster: their masks are named already.

    Result: `outcomes` (what became of each scan, in order), `said` (what a person is told, with its level),
    `provider`. A machine that has another bundle, or does not see the folder of the masks, refuses.
    """

    asked: dict[str, Any]  # the fields of the Segment
    plans: list[dict[str, Any]]  # engine.jobs.segment_names.ScanNames
    bundle: str  # where whoever asks has it
    sha256: str  # of the bundle
    token: str = ""  # a file beside the masks, by which the folder is known to be the same


@dataclass(frozen=True, slots=True)
class Refine:
    """Answers that are there, made cleaner without asking again; result: `masks`, a .npy of 0 and 255 for each."""

    levels: list[str]  # .npy files of uint8 probabilities on the scan's grid, as Segment leaves them
    out: str  # folder that receives the masks
    threshold: float
    view: str = ""  # folder of the opened scan (scan.json), for its spacing; empty: distances are in voxels
    smooth: float = 0.0  # these four as in Segment
    fill_holes: bool = False
    largest: bool = False
    smallest: float = 0.0


@dataclass(frozen=True, slots=True)
class Surface:
    """The surfaces of masks in millimetres; result: `surfaces`, .npy files of each, see engine/jobs/surface.py."""

    masks: list[str]  # .npy files on the scan's grid: bool, or uint8 where every value above 0 is inside
    out: str  # folder that receives the surfaces
    view: str  # folder of the opened scan (scan.json), for its geometry
    most_triangles: int = 150_000  # of all masks together: what software drawing can still turn
    stl: str = ""  # a file that receives all of them; empty: none
    overwrite: bool = False


@dataclass(frozen=True, slots=True)
class SaveMask:
    """Masks as they are, edited by hand or not, written on the scan's grid; nothing is asked or computed.

    Result: `mask` (the file), `legend` (of several phrases in one array, else null), `masks` (each: prompt, voxels, ml,
    edited), `overlapping_voxels`.
    """

    scan: str
    masks: list[str]  # .npy files on the scan's grid: bool, or uint8 where every value above 0 is inside
    prompts: list[str]  # what each is called
    out: str  # a file; several masks in one are numbered 1, 2, 3 …, and the earlier has a voxel of several
    edited: list[str] = field(default_factory=list)  # prompts whose mask was changed by hand; their receipt says so
    series: str = ""  # as for OpenScan
    bundle: str = ""  # what the masks came from, as for Segment; empty: not known
    axis: str = ""  # these three as they were asked
    label: str = ""
    threshold: float = 0.5
    overwrite: bool = False
    colours: dict[str, str] = field(default_factory=dict)  # these two as for Segment
    identity: str = ""


@dataclass(frozen=True, slots=True)
class AddCase:
    """A scan with its corrected masks as a case of a dataset whose dataset.yaml lists its cases; begun where it is new.

    Files are named by the scan's content, and none is written over: the same scan again gets new masks, which count.
    Result: `folder`, `case`, `path` (dataset.yaml), `cases` (how many there are), `replaced` (the case was there).
    """

    scan: str
    masks: list[str]  # .npy files, as for SaveMask
    prompts: list[str]  # the label of each; labels that the dataset has already are found by name
    folder: str = ""  # empty: the user's own folder for corrected masks
    series: str = ""  # as for OpenScan
    colours: dict[str, str] = field(default_factory=dict)  # of labels that are new


@dataclass(frozen=True, slots=True)
class Replay:
    """Computes a mask again from its receipt and compares.

    Result: `equal`, `masks` (each: prompt, dice, differing_voxels), `reasons` (why they may differ), `receipt`; for a
    mask that was edited by hand `edited`, and whether it is as it was saved: it cannot be computed again.
    """

    mask: str
    scan: str = ""  # file or folder; empty: looked for beside the mask, by its content
    bundle: str = ""  # empty: looked for among the installed models, runs and beside the mask
    series: str = ""  # as for OpenScan
