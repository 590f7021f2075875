"""Asks about a scene: a phrase, the objects it names, and why it names none where it does not."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from engine.synthetic.scenes import Objects
from engine.synthetic.words import (
    COLOUR_WORDS,
    COLOURS,
    GENERIC_NOUNS,
    GRAY_SCENE_WORDS,
    MEDIUM,
    NEUTRAL_TAILS,
    PLAIN,
    POSITION_LINKS,
    POSITION_WORDS,
    POSITIONS,
    SHAPE_WORDS,
    SHAPES,
    SIZE_WORDS,
    SIZES,
    TEMPLATES,
    TEXTURES,
    WHITE,
    is_held_out,
)

QueryKind = Literal["present", "absent_shape", "absent_colour", "absent_pair", "absent_detail"]
"""What a phrase asks; absent_pair: both words are true of objects of the scene, but of no single one."""

_BEFORE_VOWEL: Final = re.compile(r"\ba(?= [aeio])")
_MIN_VISIBLE: Final = 30  # pixels of 128 x 128; fewer neither count as seen nor as absent


@dataclass(frozen=True)
class Description:
    """The attributes a phrase names, as indices into the word lists; None is not named."""

    shape: int | None = None
    colour: int | None = None
    texture: int | None = None
    size: int | None = None
    position: int | None = None


@dataclass(frozen=True)
class Query:
    """A phrase and which objects (n,) it names; all False means an empty mask."""

    phrase: str
    matches: NDArray[np.bool_]
    description: Description
    kind: QueryKind


def positions_of(objects: Objects) -> NDArray[np.bool_]:
    """Return (n, 5): whether each object lies left, right, top, bottom, in the center; several can hold, or none."""
    x, y = objects.x, objects.y
    middle = (np.abs(x - 0.5) < 0.17) & (np.abs(y - 0.5) < 0.17)
    return np.stack([x < 0.4, x > 0.6, y < 0.4, y > 0.6, middle], axis=1)


def matching(objects: Objects, description: Description) -> NDArray[np.bool_]:
    """Return (n,): which objects every named attribute is true of."""
    found = np.ones(len(objects), dtype=np.bool_)
    if description.shape is not None:
        found &= objects.shape == description.shape
    if description.colour is not None:
        found &= objects.colour == description.colour
    if description.texture is not None:
        found &= objects.texture == description.texture
    if description.size is not None:
        found &= objects.size == description.size
    if description.position is not None:
        found &= positions_of(objects)[:, description.position]
    return found


def _names_held_out_pair(description: Description) -> bool:
    if description.shape is None or description.colour is None:
        return False
    return is_held_out(description.colour, description.shape)


class Asker:
    """Composes queries about one scene; holds what may be asked of it."""

    def __init__(
        self,
        rng: np.random.Generator,
        objects: Objects,
        visible: NDArray[np.int64],
        gray: bool,
        colour_words: bool = True,
    ) -> None:
        """`visible` (n,) counts the pixels each object shows; without `colour_words` no phrase names a colour."""
        self._rng = rng
        self._objects = objects
        self._gray = gray
        self._colour_words = colour_words
        self._seen = np.flatnonzero(visible >= _MIN_VISIBLE)
        self._hidden = (visible > 0) & (visible < _MIN_VISIBLE)
        self._places = positions_of(objects)

    def present(self, target: int | None = None, use: Description | None = None) -> Query | None:
        """Return a phrase that is true of a seen object, or None where none was found."""
        if len(self._seen) == 0:
            return None
        for _ in range(6):
            k = int(self._rng.choice(self._seen)) if target is None else target
            description = self._describe(k) if use is None else use
            if target is None and _names_held_out_pair(description):
                continue
            matches = matching(self._objects, description)
            if matches[self._seen].any():
                return Query(self.say(description), matches, description, "present")
        return None

    def absent(self, kind: QueryKind | None = None) -> Query | None:
        """Return a phrase that is true of no object, of the given kind or a random one; None where it cannot be."""
        if len(self._seen) == 0:
            return None
        for _ in range(8):
            asked: QueryKind = self._draw_absent_kind() if kind is None else kind
            description = self._describe_absent(asked)
            if description is None:
                continue
            # To name a held-out pair as absent would teach that it never exists.
            if _names_held_out_pair(description):
                continue
            matches = matching(self._objects, description)
            if not matches.any():
                return Query(self.say(description), matches, description, asked)
        return None

    def say(self, description: Description) -> str:
        """Return one wording of the description."""
        rng = self._rng
        words: list[str] = []
        if description.size is not None and description.size != MEDIUM:
            words.append(self._pick(SIZE_WORDS[SIZES[description.size]]))
        if description.texture is not None and description.texture != PLAIN:
            words.append(TEXTURES[description.texture])
        if description.colour is not None:
            name = COLOURS[description.colour]
            gray_words = self._gray and name in GRAY_SCENE_WORDS
            words.append(self._pick(GRAY_SCENE_WORDS[name] if gray_words else COLOUR_WORDS[name]))
        if description.shape is None:
            words.append(self._pick(GENERIC_NOUNS[:5]) if rng.random() < 0.8 else self._pick(GENERIC_NOUNS))
        else:
            words.append(self._pick(SHAPE_WORDS[SHAPES[description.shape]]))
        phrase = " ".join(words)
        if description.position is not None:
            phrase += f" {self._pick(POSITION_LINKS)} {self._pick(POSITION_WORDS[POSITIONS[description.position]])}"
        phrase = self._pick(TEMPLATES).format(phrase)
        if rng.random() < 0.6:
            phrase = _BEFORE_VOWEL.sub("an", phrase)
        if description.position is None and rng.random() < 0.06:
            phrase += " " + self._pick(NEUTRAL_TAILS)
        return phrase

    def _pick(self, choices: tuple[str, ...]) -> str:
        return choices[int(self._rng.integers(len(choices)))]

    def _describe(self, k: int) -> Description:
        """Return a random subset of the object's attributes that is worth saying."""
        chance = self._rng.random(5)
        objects = self._objects
        shape, colour = bool(chance[0] < 0.78), bool(chance[1] < 0.62)
        if not self._colour_words:
            colour, shape = False, shape or bool(chance[1] < 0.6)
        elif not shape and not colour and chance[4] < 0.6:
            shape, colour = (True, False) if chance[1] < 0.8 else (False, True)
        texture = int(objects.texture[k]) if chance[2] < 0.16 and objects.texture[k] != PLAIN else None
        size = int(objects.size[k]) if chance[3] < 0.16 and objects.size[k] != MEDIUM else None
        places = np.flatnonzero(self._places[k])
        position = int(self._rng.choice(places)) if len(places) and chance[4] < 0.16 else None
        return Description(
            int(objects.shape[k]) if shape else None,
            int(objects.colour[k]) if colour else None,
            texture,
            size,
            position,
        )

    def _draw_absent_kind(self) -> QueryKind:
        chance = float(self._rng.random())
        if not self._colour_words:
            return "absent_shape" if chance < 0.75 else "absent_detail"
        if chance < 0.28:
            return "absent_shape"
        if chance < 0.5:
            return "absent_colour"
        return "absent_pair" if chance < 0.85 else "absent_detail"

    def _describe_absent(self, kind: QueryKind) -> Description | None:
        rng, objects = self._rng, self._objects
        k = int(rng.choice(self._seen))
        shape, colour = int(objects.shape[k]), int(objects.colour[k])
        if kind == "absent_shape":
            other = int(rng.integers(len(SHAPES)))
            with_colour = self._colour_words and rng.random() < 0.5
            return Description(other, colour if with_colour else None)
        if kind == "absent_colour":
            lowest = WHITE if self._gray else 0
            other = int(rng.integers(lowest, len(COLOURS)))
            return Description(shape if rng.random() < 0.65 else None, other)
        if kind == "absent_pair":
            other_shapes = [int(s) for s in objects.shape[self._seen] if s != shape]
            if not other_shapes:
                return None
            return Description(other_shapes[int(rng.integers(len(other_shapes)))], colour)
        description = self._describe(k)
        wrong = int(rng.integers(3))
        if wrong == 0:
            return replace(description, texture=int(rng.integers(1, len(TEXTURES))))
        if wrong == 1:
            return replace(description, size=0 if objects.size[k] == 2 else 2)
        return replace(description, position=int(rng.integers(4)))


def ask(
    rng: np.random.Generator,
    objects: Objects,
    visible: NDArray[np.int64],
    count: int,
    *,
    gray: bool = False,
    faint: bool = False,
    conjunction: bool = False,
    absent_share: float = 0.32,
) -> list[Query]:
    """Return `count` training queries about a scene.

    Where `conjunction`, the first object is often asked for by its colour and shape, which only together name it.
    In a `faint` scene the background shines through, so no colour is named. An object of which few pixels are
    seen is never asked for.
    """
    asker = Asker(rng, objects, visible, gray, colour_words=not faint)
    queries: list[Query] = []
    tries = 0
    while len(queries) < count and tries < 4 * count:
        tries += 1
        chance = float(rng.random())
        query: Query | None
        if chance < absent_share:
            pair = conjunction and rng.random() < 0.5
            query = asker.absent("absent_pair" if pair else None)
        elif conjunction and rng.random() < 0.4 and visible[0] >= _MIN_VISIBLE:
            first = Description(int(objects.shape[0]), int(objects.colour[0]))
            query = asker.present(target=0, use=first)
        else:
            query = asker.present()
        if query is not None:
            queries.append(query)
    while len(queries) < count:  # a scene with nothing to see: any shape is absent
        absent_shapes = np.setdiff1d(np.arange(len(SHAPES)), objects.shape)
        nothing = Description(shape=int(rng.choice(absent_shapes)))
        queries.append(Query(asker.say(nothing), np.zeros(len(objects), dtype=np.bool_), nothing, "absent_shape"))
    return queries
