"""What layouts have in common: label tables, and what is said of files without their partners."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.data.config import LabelConfig
from engine.data.labels import colour_of
from engine.data.problem import Problem
from engine.data.readers.base import Case, MaskFile
from engine.data.tree import place, stem

_MOST_BYTES = 1_000_000_000


class NotJson(Exception):
    """A JSON file that cannot be used; the text says why."""


def load_json(path: Path, most_bytes: int = _MOST_BYTES) -> Any:
    """Raises NotJson for a file that is missing, too large or damaged."""
    try:
        if path.stat().st_size > most_bytes:
            raise NotJson(f"it is larger than {most_bytes / 1e6:,.0f} MB")
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise NotJson(error.strerror or "it cannot be opened") from error
    except (ValueError, RecursionError) as error:
        raise NotJson(f"it is not readable JSON ({' '.join(str(error).split())[:120]})") from error


def text_of(value: Any, instead: str = "") -> str:
    """One line of text, blanks tidied; `instead` for what is no text."""
    if not isinstance(value, str):
        return instead
    # JSON may hold halves of characters, which no file, message or model can take.
    return " ".join(value.encode("utf-8", "replace").decode().split()) or instead


def label_table(rows: Sequence[tuple[int, str] | tuple[int, str, str]]) -> tuple[LabelConfig, ...]:
    """Labels of (value, name) or (value, name, phrase); a name that is taken gets its value behind it."""
    labels: list[LabelConfig] = []
    taken: set[str] = set()
    for index, (value, name, *phrase) in enumerate(rows):
        shown = name if name not in taken else f"{name} ({value})"
        taken.add(shown)
        labels.append(
            LabelConfig(value=value, name=shown, phrase=phrase[0] if phrase else name, colour=colour_of(index))
        )
    return tuple(labels)


def words(name: str) -> str:
    """`left_kidney` → "left kidney": what a file or folder is called, as a phrase."""
    return text_of(name.replace("_", " ").replace("-", " "), "object")


def no_mask(image: str, mask: str) -> Problem:
    """An image whose mask is missing; both relative to the dataset's folder."""
    return Problem(
        kind="image_without_mask",
        severity="error",
        message="No mask belongs to this image; it is left out.",
        path=image,
        fix=f"Add its mask, {mask}, or remove the image.",
    )


def no_image(mask: str, image: str) -> Problem:
    """A mask whose image is missing; both relative to the dataset's folder."""
    return Problem(
        kind="mask_without_image",
        severity="error",
        message="No image belongs to this mask; it is left out.",
        path=mask,
        fix=f"Add its image, {image}, or remove the mask.",
    )


def without_truth(folder: str, count: int, what: str = "test images without masks") -> Problem:
    """Images that come without masks on purpose, as those of a challenge's test part do."""
    return Problem(
        kind="no_truth",
        severity="note",
        message=f"{count} {what}: they were not used.",
        path=folder,
        fix="Nothing to do: their masks were never published.",
        count=count,
    )


def damaged_list(path: str, reason: str) -> Problem:
    """A file that lists cases, labels or splits and cannot be used."""
    return Problem(
        kind="list_unreadable",
        severity="error",
        message=f"The file was not used: {reason}.",
        path=path,
        fix="Mend it, or download it again.",
    )


def unique_ids(names: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Key → the first of its names (short before long) that no other key has; the last one where all are shared."""
    found: dict[str, str] = {}
    levels = max((len(choices) for choices in names.values()), default=0)
    for level in range(levels):
        times: dict[str, int] = {}
        for choices in names.values():
            name = choices[min(level, len(choices) - 1)]
            times[name] = times.get(name, 0) + 1
        for key, choices in names.items():
            name = choices[min(level, len(choices) - 1)]
            if key not in found and (times[name] == 1 or level == levels - 1):
                found[key] = name
    return found


def by_key(masks: Iterable[Path], key: Callable[[Path], str] = stem) -> dict[str, list[Path]]:
    """Masks by what their names share with an image's."""
    found: dict[str, list[Path]] = defaultdict(list)
    for mask in masks:
        found[key(mask)].append(mask)
    return dict(found)


@dataclass
class Pairing:
    """Collects the cases of a dataset whose masks are named after their images, and what lacks."""

    folder: Path
    cases: list[Case] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def add(
        self,
        images: Iterable[Path],
        masks: Mapping[str, Sequence[Path]],
        *,
        image_at: Path,
        mask_at: Path,
        key: Callable[[Path], str] = stem,
        patient: Callable[[str], str] = str,
        mask: Callable[[Path], MaskFile] = MaskFile,
        split: str | None = None,
        prefix: str = "",
    ) -> None:
        """Images with their masks by `key`.

        `image_at` and `mask_at` say where a missing one should lie, with "{}" for the key in its name. `prefix` comes
        before names that are used again in another part of the dataset.
        """
        seen: set[str] = set()
        lacking: list[Problem] = []
        for image in images:
            name = key(image)
            seen.add(name)
            own = masks.get(name, ())
            if own:
                masks_of = tuple(mask(path) for path in own)
                self.cases.append(Case(prefix + name, prefix + patient(name), image, masks_of, split))
            else:
                lacking.append(no_mask(place(image, self.folder), place(_at(mask_at, name), self.folder)))
        for name in sorted(masks.keys() - seen):
            shown = place(_at(image_at, name), self.folder)
            lacking += [no_image(place(path, self.folder), shown) for path in masks[name]]
        self.problems += sorted(lacking, key=lambda problem: problem.path)


def _at(pattern: Path, key: str) -> Path:
    return pattern.with_name(pattern.name.replace("{}", key))
