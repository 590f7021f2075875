"""What may be asked about a dataset: looking at it, its labels, its splits, its repairs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class InspectData:
    """Opens every file of a dataset folder; result: the report as a dictionary."""

    folder: str
    layout: str = "auto"
    labels: list[dict[str, Any]] = field(default_factory=list)  # edited label table; empty: as found
    split: dict[str, Any] = field(default_factory=dict)  # as `data.split` of a recipe; empty: defaults
    seed: int = 12345
    settings: dict[str, Any] = field(default_factory=dict)  # further keys of `data` in a recipe
    write: str = ""  # dataset.yaml that receives splits and labels as they were found; empty: none
    overwrite: bool = False
    placed: dict[str, str] = field(default_factory=dict)  # case id → split, as edited by hand; empty: as `split` says
    in_parts: bool = False  # the rows of `cases` as CasesListed events, and only their number in the result


@dataclass(frozen=True, slots=True)
class ListCases:
    """What names alone tell of a dataset, before a file is opened: CasesListed events; result: `layout`, `cases`."""

    folder: str
    layout: str = "auto"
    settings: dict[str, Any] = field(default_factory=dict)  # further keys of `data` in a recipe


@dataclass(frozen=True, slots=True)
class DrawThumbnails:
    """Small pictures of some cases, drawn where `out` does not hold them yet; ThumbnailDrawn events, one a case."""

    folder: str
    cases: list[str]  # case ids, in the order of drawing
    out: str
    layout: str = "auto"
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OpenCase:
    """A case for the viewer: what OpenScan gives, and `layers`, a .npy of label values a layer, on the scan's grid."""

    folder: str
    case: str
    out: str  # folder that receives the files
    layout: str = "auto"
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SaveSplit:
    """Writes labels and splits as they were edited into a dataset.yaml; no file of the dataset is moved or opened.

    Result: `folder` and `path` of what was written.
    """

    folder: str
    out: str  # a folder, or a path that ends in dataset.yaml
    splits: dict[str, list[str]]  # case ids of train, val, test; a case in none is left out
    labels: list[dict[str, Any]] = field(default_factory=list)  # edited label table; empty: as found
    kind: str = ""  # of the masks, as found: binary | values
    layout: str = "auto"
    settings: dict[str, Any] = field(default_factory=dict)
    by_content: bool = False  # `out` is a shelf: the file goes into a folder of its own, named by its content
    overwrite: bool = False


@dataclass(frozen=True, slots=True)
class DataCache:
    """What is cached; result: `bytes`, `limit`, `datasets` (rows of hashes, counts and sizes) of decoded slices, and
    `features` and `encodings` (each: `entries`, `bytes`, `folder`, `cleared`)."""

    dataset: str = ""  # folder; empty: of all datasets
    clear: bool = False  # remove it first, but for what a run uses; the result then has `removed` and `spared` bytes


@dataclass(frozen=True, slots=True)
class RepairMask:
    """Compares the grids of a scan and its mask; with `how`, writes the mask on the scan's grid as a new file."""

    image: str
    mask: str
    how: str = ""  # copy-header | reorient | orthonormalise | resample; empty: only compare
    out: str = ""
    overwrite: bool = False


@dataclass(frozen=True, slots=True)
class RepairData:
    """Masks of a dataset mended as new files, cases left out or brought into one split, or any of it taken back.

    Told in its dataset.yaml. Result: `items` (a row for each mask), `repaired` (mask → new file, "" for the mask
    itself), `left_out`, `taken_back`, `moves` (case → split), `path`.
    """

    folder: str
    mending: str  # geometry | lossless | invert | leave_out | regroup | take_back | originals
    cases: list[str] = field(default_factory=list)  # ids; empty: all whose problems this mends
    problem: str = ""  # only problems of this kind, where no cases are named
    how: str = ""  # of geometry, as for RepairMask; empty: the best that each pair of headers allows
    only_compare: bool = False  # geometry: tables of differences, nothing is written
    note: bool = True  # write dataset.yaml; False: new masks alone, EditDataset tells of them later
    layout: str = "auto"
    seed: int = 12345


@dataclass(frozen=True, slots=True)
class EditDataset:
    """Single edits of a dataset's dataset.yaml, which is begun where there is none; result: its `path`."""

    folder: str
    repaired: dict[str, str] = field(default_factory=dict)  # mask → mended copy; "": the mask itself again
    left_out: list[str] = field(default_factory=list)  # case ids
    taken_back: list[str] = field(default_factory=list)
    merged: dict[str, int] = field(default_factory=dict)  # label value → the one that it counts as; 0: itself again
    layout: str = "auto"


@dataclass(frozen=True, slots=True)
class CheckPhrases:
    """What is wrong with phrases that were just edited; result: `problems`, and the `kinds` that they may be of."""

    folder: str
    labels: list[dict[str, Any]]  # as `data.labels` of a recipe
    marked: list[int] = field(default_factory=list)  # values of the labels that some mask holds


@dataclass(frozen=True, slots=True)
class PreviewTokens:
    """What a model makes of phrases, before anything is tuned; nothing of the model but its tokenizer is loaded.

    Result: `limit` (tokens that a phrase may have, begin and end included), `rows` (one a phrase: `tokens`, `kept`, how
    many of these the model sees, `cut`, the words that it does not see, `problem`).
    """

    weights: str  # as `model.weights` of a recipe
    phrases: list[str]
    reserve: int = 0  # places that learned words take


@dataclass(frozen=True, slots=True)
class Convert:
    """The same data in another layout; result: `folder`, `cases` and `notes`."""

    folder: str
    to: str  # nnunet | task_files
    out: str  # a folder that does not exist yet, or is empty
    layout: str = "auto"
    settings: dict[str, Any] = field(default_factory=dict)  # further keys of `data` in a recipe
    seed: int = 12345
