"""Which models can be asked: installed base models, bundles that runs were exported to, and bundles opened by hand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from engine.contract.errors import BundleError, InputError
from engine.runs.folders import runs_folder
from engine.runs.reader import list_runs
from tunevlseg_gui.translation import translate


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """`reference` is what a Segment job takes as its bundle."""

    reference: str
    title: str
    kind: Literal["base", "tuned", "file"]
    notice: str = ""
    labels: tuple[str, ...] = ()
    plane: str = "axial"
    threshold: float = 0.5
    verdict: str = ""  # how well its graphs agree with the network that they come from, with the numbers
    own_words: bool = False  # each label has learned words of its own: a free phrase takes those of one of them

    @property
    def key(self) -> str:
        """The same for one bundle however it was found."""
        return self.reference if self.kind == "base" else str(Path(self.reference).resolve())


def base_choices(result: dict[str, Any]) -> list[ModelChoice]:
    """From the result of a ListModels job."""
    return [
        ModelChoice(
            str(known["id"]),
            str(known.get("title") or known["id"]),
            "base",
            str(known.get("notice") or ""),
            verdict=str(known.get("verdict") or ""),
        )
        for known in result.get("models") or []
    ]


def bundle_choice(path: Path, kind: Literal["tuned", "file"] = "file") -> ModelChoice:
    """Reads the manifest only. Raises NotABundle, WrongVersion, or InputError for a run folder."""
    # pydantic and yaml cost a quarter of a second: paid when the first bundle is read, not when the window opens.
    from engine.bundle.reader import Bundle
    from engine.bundle.verdict import verdict
    from engine.runs.layout import is_run

    if path.name == "bundle.yaml":
        path = path.parent
    if path.is_dir() and not (path / "bundle.yaml").is_file() and is_run(path):
        found = bundles_in(path)
        if not found:
            raise InputError(
                translate("ModelChoice", "{name} is a run that was not exported yet.").format(name=path.name),
                hint=translate("ModelChoice", "Open it under Runs and export it first."),
            )
        path = found[0]
    manifest = Bundle.open(path).manifest
    return ModelChoice(
        str(path),
        manifest.name,
        kind,
        manifest.notice,
        tuple(label.name for label in manifest.labels),
        manifest.plane,
        manifest.threshold,
        verdict(manifest),
        manifest.depends_on_label,
    )


def bundles_in(run: Path) -> list[Path]:
    """Bundles in a run folder, newest first."""
    found = [*run.glob("*.vlseg"), *(path.parent for path in run.glob("*/bundle.yaml"))]
    return sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)


def tuned_choices(root: Path | None = None) -> list[ModelChoice]:
    """The newest bundle of each exported run, newest run first; damaged ones are passed over."""
    choices = []
    for run in list_runs(root or runs_folder()):
        for path in bundles_in(run.folder)[:1]:
            try:
                choice = bundle_choice(path, "tuned")
            except (BundleError, OSError):
                continue
            choices.append(choice)
    return choices
