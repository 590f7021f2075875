"""What may be asked of the engine, by the window, the command line or a script."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Describe:
    """Every model, strategy, layout, format and exporter with its settings."""

    renew: bool = False  # write resources/catalogue.json and the full preset anew from the code first


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
class CheckRecipe:
    """What a recipe would do, before it is run; result: `learned` numbers of `total`, `learned_words`, `problems`."""

    recipe: dict[str, Any]  # as in its YAML file


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run of this recipe would take on this machine, by a few steps on its own images; nothing is kept.

    Result: seconds (`first_epoch`, `later_epoch`, `total`: at most), bytes (`memory`, `available`, `disk`), `epochs`,
    `batch`, `images_at_once`, `largest_batch`, `device`, `plan` (how it would compute) and `words`.
    """

    recipe: dict[str, Any]  # as in its YAML file
    folder: str = ""  # where its relative paths start
    overrides: list[str] = field(default_factory=list)  # "training.epochs=3"


@dataclass(frozen=True, slots=True)
class DomainShift:
    """How far a dataset's images and phrases lie from what base weights know, by at most 100 of its images.

    Result: `known`; where it is, `value` (1: like new pictures of the known kind), `low`, `high`, `level` (low | medium
    | high), `images`, `patients`, `phrases` (rows), `advice` (image | words | "") and `map`; always `words`, `advised`.
    """

    data: dict[str, Any]  # as in a recipe
    weights: str = "starter"
    reference: str = ""  # folder of pictures like those that the weights learned from; empty: what ships with them
    out: str = ""  # folder that receives small pictures of what is on the map; empty: none
    seed: int = 12345


@dataclass(frozen=True, slots=True)
class QuickLook:
    """Masks of the untuned model on a few validation images, beside the truth.

    Result: `rows` (case, slice, path of a picture, dice by label), `dice` by label and `mean`: of these images alone.
    """

    data: dict[str, Any]  # as in a recipe; its labels' phrases are asked
    out: str  # folder that receives the pictures
    weights: str = "starter"
    images: int = 6
    seed: int = 12345


@dataclass(frozen=True, slots=True)
class ComparePhrases:
    """Wordings of each label, scored with the untuned model on the validation images.

    Result: `labels`, each with `label`, `value` and `wordings` (rows, the label's present phrase first), `images`,
    `patients`, `words`.
    """

    data: dict[str, Any]  # as in a recipe
    weights: str = "starter"
    wordings: dict[str, list[str]] = field(default_factory=dict)  # label name → wordings beside its phrase
    suggest: bool = False  # plain variants of each phrase are scored too
    seed: int = 12345


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


@dataclass(frozen=True, slots=True)
class Tune:
    """One run from a recipe. `out` is the run folder; empty: made beside the other runs.

    With `fork` a new run that shares its first part with another one: see ForkRun.
    """

    recipe: str  # path of a YAML file
    out: str = ""
    overrides: list[str] = field(default_factory=list)  # "strategy.prompt_depth=3"
    resume: str = ""  # an existing run folder to go on with
    fork: str = ""  # a run folder to begin from, with `overrides`
    epoch: int = 0  # of `fork`; 0: the last one that it kept


@dataclass(frozen=True, slots=True)
class ForkRun:
    """A new run folder that begins with a kept epoch of another run; `Tune(resume=…)` then goes on with it.

    Result: `run` (its folder), `epoch`, `changes` (setting → [before, after]).
    """

    run: str
    epoch: int = 0  # 0: the last one that was kept
    overrides: list[str] = field(default_factory=list)  # "training.learning_rate=0.001"
    out: str = ""  # empty: made beside the other runs
    only_check: bool = False  # nothing is written; what cannot be is refused all the same


@dataclass(frozen=True, slots=True)
class ListRuns:
    """Every run of a folder for a table: RunsListed events; result: `folders`, newest first, and how many were `read`.

    `known`: run folder → `stamp` of its row as it was told before; those that are as they were are not told again.
    """

    root: str = ""  # empty: the user's own folder for runs
    known: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Search:
    """An Optuna study over a recipe's searchable settings: begins it, or goes on with it.

    Result: `study`, `folder`, `trials`, `states`; with one objective `best` (number), `params`, `value`, `run`,
    `recipe`, with several `front`.
    """

    recipe: str = ""  # path of a YAML file; empty: a study that is there already
    folder: str = ""  # of the study; empty: beside the other studies, by name
    study: str = ""  # name; empty: after the recipe
    storage: str = ""  # address of a database; empty: a journal file in the folder
    search: dict[str, Any] = field(default_factory=dict)  # settings of engine.search.config.SearchConfig
    overrides: list[str] = field(default_factory=list)  # of the recipe: "training.epochs=3"
    worker: bool = False  # only help: take trials of a study that somebody else has begun
    workers: int = 0  # processes on this machine; 0: one for each CUDA device, at least one; with a cluster: its tasks
    cluster: str = ""  # address of a Ray cluster whose tasks are the workers, "local": started here
    gpu_share: float = 0.0  # of a GPU, that each task in the cluster asks for
    data: str = ""  # where this machine keeps the dataset; empty: where the recipe says
    frozen: dict[str, Any] = field(default_factory=dict)  # setting → the only value to propose, from the start
    narrowed: dict[str, list[Any]] = field(default_factory=dict)  # setting → [low, high] or choices


@dataclass(frozen=True, slots=True)
class SteerStudy:
    """Tells a study something, whether a worker runs or not; result: `said`."""

    folder: str
    command: dict[str, Any]  # as a command's line: {"command": "freeze", "key": …, "value": …}
    storage: str = ""
    study: str = ""


@dataclass(frozen=True, slots=True)
class ReadStudy:
    """A study as it stands; result: `name`, `objectives`, `directions`, `space`, `rules`, `best`, `trials` (their
    number), and `path` of a JSON file with `trials` (rows), `best_so_far`, `front`, `importances` and
    `correlations`."""

    folder: str
    out: str  # folder that receives the file
    storage: str = ""
    study: str = ""
    figures: bool = True  # importances and correlations too, which take longest; else both are empty


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A tournament: models × strategies × datasets × seeds; goes on where it ended.

    Result: `folder`, `cells`, `done`, `impossible`, `failed`, `tables` (csv, md, tex, html → path), `shown` (tables
    with `title`, `note`, `head`, `rows`).
    """

    matrix: str  # path of a YAML file
    out: str = ""  # its folder; empty: beside the other tournaments, by name
    overrides: list[str] = field(default_factory=list)  # of the matrix: "training.epochs=3"
    only_tables: bool = False  # of what is finished; nothing is tuned


@dataclass(frozen=True, slots=True)
class ReadTournament:
    """A tournament as it stands, begun or not.

    Result: `name`, `folder`, `models`, `rows`, `datasets`, `seeds`, `cells` (dicts with `dataset`, `model`, `row`,
    `seed`, `state` done | impossible | failed | waiting, `dice`, `why`, `run`), `shown` (tables with `title`, `note`,
    `head`, `rows`), `front` (`model`, `row`, `dice`, `learned`, `seconds`, `bytes`, `pareto`).
    """

    matrix: str  # path of a YAML file; a tournament's folder holds its own
    out: str = ""  # its folder; empty: beside the other tournaments, by name
    foresee: bool = False  # also find waiting cells that are impossible; loads what tuning needs


@dataclass(frozen=True, slots=True)
class PlanLabels:
    """The recipe tuned on 1, 2, 4, … of its training cases, and how many more would pay.

    Result: `folder`, `points` (`cases`, `dice`, `low`, `high`, `val_dice`, `run`), `advice` in words, `more`, `low`,
    `high` (further cases for `gain`; None: out of reach), `unreliable` (reasons), `curve` (a, b, c: a − b·n^(−c)).
    """

    recipe: str  # path of a YAML file
    out: str = ""
    sizes: list[int] = field(default_factory=list)  # numbers of training cases; empty: doubled, up to all
    gain: float = 0.02  # of Dice
    overrides: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Evaluate:
    """Scores per case and label of a run or bundle on a split."""

    target: str
    data: str = ""  # folder; empty: the run's own data
    split: str = "test"
    # Folder for scores.csv (scores-SPLIT.csv for other splits than test), or a .csv file. Empty: the run folder;
    # NAME-scores.csv beside a bundle; RUN-DATA-scores.csv in the present folder for a run on other data.
    out: str = ""
    tolerance: float | None = None  # of the surface Dice, mm or px; None: the recipe's, 2 for a bundle


@dataclass(frozen=True, slots=True)
class Report:
    """One or more runs as one HTML file that needs nothing else. Result: `report`, `megabytes`, `notes`.

    Cases are numbered and paths are cut to their last part, so that no name leaves with it.
    """

    runs: list[str]
    out: str  # NAME.html
    case_names: bool = False  # the dataset's own names of cases, which may be those of patients
    pictures: bool = True  # the best, median and worst case of each run
    overwrite: bool = False


@dataclass(frozen=True, slots=True)
class DrawAnswers:
    """What a run answers to some cases, drawn over them: AnswerDrawn events, one a case, in the order asked for.

    Of a volume the slice with most of the truth is drawn. Files are numbered: no name of a case is in them.
    """

    run: str
    cases: list[str]  # case ids
    out: str  # folder that receives the pictures
    data: str = ""  # folder; empty: the run's own data


@dataclass(frozen=True, slots=True)
class Export:
    """A run or base model as a bundle, with its parity report."""

    source: str  # run folder, installed model id, or weights folder
    out: str  # folder, or NAME.vlseg
    precision: str = "fp32"  # fp32, fp16 or int8; several with commas: `out` then gets the precision added to its name
    overwrite: bool = False
    calibrate: bool = False  # int8: ranges are measured on the run's training images


@dataclass(frozen=True, slots=True)
class Pack:
    """What a run learned, as a prompt pack: one file for the same base weights elsewhere.

    Result: `pack`, `kilobytes`, `learned` numbers, `presence` (in words).
    """

    run: str
    out: str  # NAME.tvprompt
    overwrite: bool = False
    calibrate: bool = True  # the rule for not found is computed on the run's images where no bundle has it; takes torch


@dataclass(frozen=True, slots=True)
class ImportPack:
    """A prompt pack as a run folder: it can be evaluated, exported, packed and started from.

    Result: `run`, `name`, `weights`, `notice`.
    """

    path: str
    out: str = ""  # the run folder; empty: made beside the other runs
    weights: str = ""  # base weights by id or folder; empty: found among the installed ones by their sha256


@dataclass(frozen=True, slots=True)
class PhraseEffect:
    """Does the phrase matter? Control phrases on images of a split; kept in the run as phrase-effect.json.

    Result: `verdict` (yes | weakly | no | unclear), `words`, `rule`, `kinds`, `labels`, `word_effects`, `nearest`.
    """

    run: str
    split: str = "val"
    data: str = ""  # folder; empty: the run's own data
    phrase: str = ""  # a phrase to look at word by word; empty: each label's own
    images: int = 48  # of the split at most, taken evenly


@dataclass(frozen=True, slots=True)
class SplitGain:
    """Is it the prompts? Zero-shot and upsampler-only controls of a run, and which part of its gain is due to what.

    Controls that were run before with the same recipe on the same data are used. Result: `state` (done | waiting),
    `controls` (strategy → run folder), `waiting` (folders that are not finished), and once done `split`, `dice`,
    `differences`, `share`, `words`, `notes`; kept in the run as gain.json.
    """

    run: str
    missing: str = "here"  # controls that are missing: here, one after another | queue, as detached runs | none: told


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


@dataclass(frozen=True, slots=True)
class PrepareSamples:
    """Draws the sample data where it is missing; result: `sets` (id, title, folder) and `volume` (path)."""

    out: str = ""  # empty: the user's folder for samples
    sets: list[str] = field(default_factory=list)  # their ids; empty: all


@dataclass(frozen=True, slots=True)
class Demo:
    """The whole road on bundled, drawn data."""

    out: str


@dataclass(frozen=True, slots=True)
class ListModels:
    """Installed base weights."""


@dataclass(frozen=True, slots=True)
class ImportModel:
    """Copies a folder or file of base weights into the user's model folder.

    `tokenizer`: a folder to take the tokenizer from, where the weights bring none.
    """

    path: str
    name: str = ""
    tokenizer: str = ""


@dataclass(frozen=True, slots=True)
class FetchModel:
    """Gets known base weights from the hub, over the network; a download that ended early goes on where it ended.

    Result: `id` (what a recipe writes), `path`, `model`, `sha256`, `licence` (as the hub states it now). With
    `discard`, what was fetched before is thrown away instead, and the network is left alone.
    """

    model: str  # its id on the hub, or the part after the owner
    proxy: str = ""  # http://host:port; "none": no proxy; empty: the system's
    ca_file: str = ""  # PEM file with an own certificate authority; empty: the system's alone
    mirror: str = ""  # address of another hub; empty: the public one
    discard: bool = False


@dataclass(frozen=True, slots=True)
class Doctor:
    """Devices, versions, providers, memory, folders; what is wrong and how to mend it."""


Job = (
    Describe
    | InspectData
    | ListCases
    | DrawThumbnails
    | OpenCase
    | SaveSplit
    | DataCache
    | Convert
    | RepairMask
    | RepairData
    | CheckPhrases
    | PreviewTokens
    | EditDataset
    | CheckRecipe
    | Estimate
    | DomainShift
    | QuickLook
    | ComparePhrases
    | Tune
    | ForkRun
    | ListRuns
    | Search
    | SteerStudy
    | ReadStudy
    | Benchmark
    | ReadTournament
    | PlanLabels
    | Evaluate
    | DrawAnswers
    | Report
    | Export
    | Pack
    | ImportPack
    | PhraseEffect
    | SplitGain
    | ListSeries
    | OpenScan
    | Segment
    | Refine
    | Surface
    | SaveMask
    | AddCase
    | Replay
    | PrepareSamples
    | Demo
    | ListModels
    | ImportModel
    | FetchModel
    | Doctor
)
