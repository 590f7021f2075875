"""Draws the source domain: scenes of a few objects whose shape, colour, texture, size and place are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from engine.synthetic import backgrounds
from engine.synthetic.colours import draw_colour, second_tone
from engine.synthetic.paint import Array, as_array, fill, to_uint8
from engine.synthetic.shapes import Points, draw_outline, draw_rotation, rotate
from engine.synthetic.words import BLACK, HELD_OUT_PAIRS, SHAPES, TEXTURES, WHITE, is_held_out

MAX_OBJECTS: Final = 5
SceneKind = Literal["free", "shared", "conjunction", "single"]
"""free: anything; shared: two objects share shape or colour; conjunction: only both words name the first object."""

_KIND_CHANCES: Final[dict[SceneKind, float]] = {"free": 0.18, "shared": 0.32, "conjunction": 0.44, "single": 0.06}
_TEXTURE_CHANCES: Final = (0.45, 0.11, 0.11, 0.11, 0.11, 0.11)
_RADII: Final = (0.11, 0.17, 0.25)  # of small, medium, large, as a share of the picture's side
_NATURAL_SHAPES: Final = tuple(SHAPES.index(name) for name in ("blob", "blob", "blob", "oval", "disc"))


@dataclass(frozen=True)
class SceneStyle:
    """How a scene looks: without colour, clean like a drawing, or faint and cluttered like a medical picture."""

    gray: bool
    clean: bool
    faint: bool


@dataclass(frozen=True)
class Objects:
    """The objects of a scene, arrays of length n; x and y are shares of the side, from the left and the top."""

    shape: NDArray[np.int8]
    colour: NDArray[np.int8]
    texture: NDArray[np.int8]
    size: NDArray[np.int8]
    x: NDArray[np.float32]
    y: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.shape)


@dataclass(frozen=True)
class Scene:
    """A picture (side, side, 3) uint8 and which object each pixel shows: 0 none, k the object k - 1."""

    image: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    objects: Objects
    style: SceneStyle


def draw_scene(
    rng: np.random.Generator,
    size: int = 128,
    kind: SceneKind | None = None,
    at_least: int = 2,
    held_out_first: bool = False,
) -> Scene:
    """Return one scene. A held-out pair of colour and shape appears only as the first object, and only on request.

    `at_least` applies to every kind but "single"; a conjunction scene always has three objects or more.
    """
    kind = draw_kind(rng) if kind is None else kind
    style = _draw_style(rng, colourful=held_out_first or kind == "conjunction")
    shape, colour = _draw_pairs(rng, kind, at_least, style, held_out_first)
    count = len(shape)
    if style.faint:
        natural = rng.random(count) < 0.5
        replacement = rng.choice(_NATURAL_SHAPES, count)
        shape = np.array(
            [r if n and not is_held_out(int(c), int(r)) else s
             for s, c, r, n in zip(shape, colour, replacement, natural, strict=True)]
        )  # fmt: skip
    texture = rng.choice(len(TEXTURES), count, p=_TEXTURE_CHANCES)
    if style.clean:
        texture = np.where(rng.random(count) < 0.6, 0, texture)
    sizes = rng.choice(3, count, p=(0.3, 0.4, 0.3) if count < 4 else (0.42, 0.43, 0.15))
    crowd = {4: 0.95, 5: 0.88}.get(count, 1.0)
    radius = np.take(_RADII, sizes) * rng.uniform(0.82, 1.22, count) * crowd
    x, y = _place(rng, radius)
    objects = Objects(
        shape.astype(np.int8),
        colour.astype(np.int8),
        texture.astype(np.int8),
        sizes.astype(np.int8),
        x.astype(np.float32),
        y.astype(np.float32),
    )
    image, labels = _paint(rng, size, objects, radius, style)
    return Scene(image, labels, objects, style)


def draw_kind(rng: np.random.Generator) -> SceneKind:
    """Return a kind of scene, each as often as training wants it."""
    kinds: tuple[SceneKind, ...] = get_args(SceneKind)
    return kinds[int(rng.choice(len(kinds), p=[_KIND_CHANCES[kind] for kind in kinds]))]


def _draw_style(rng: np.random.Generator, colourful: bool) -> SceneStyle:
    clean = rng.random() < 0.48
    gray = rng.random() < (0.06 if colourful else 0.3)
    faint = not clean and not colourful and rng.random() < 0.3
    return SceneStyle(gray=gray, clean=clean, faint=faint)


def _draw_pairs(
    rng: np.random.Generator, kind: SceneKind, at_least: int, style: SceneStyle, held_out_first: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the shapes and colours of the objects, n each."""
    lowest = WHITE if style.gray else 0  # a scene without colour knows white, gray and black only
    for _ in range(200):
        if kind == "single":
            count = 1
        else:
            count = int(rng.integers(max(at_least, 3 if kind == "conjunction" else 1), MAX_OBJECTS + 1))
            if count == MAX_OBJECTS and rng.random() < 0.5:
                count -= 1
        shape = rng.integers(len(SHAPES), size=count)
        colour = rng.integers(lowest, BLACK + 1, size=count)
        if held_out_first:
            colour[0], shape[0] = HELD_OUT_PAIRS[rng.integers(len(HELD_OUT_PAIRS))]
        if kind == "shared" and count > 1:
            if rng.random() < 0.5:
                shape[1] = shape[0]
            else:
                colour[1] = colour[0]
        if kind == "conjunction":
            colour[1], shape[2] = colour[0], shape[0]
            pairs = list(zip(colour.tolist(), shape.tolist(), strict=True))
            if shape[1] == shape[0] or colour[2] == colour[0] or pairs[0] in pairs[1:]:
                continue
        leaks = [is_held_out(int(c), int(s)) for c, s in zip(colour, shape, strict=True)]
        if not any(leaks[1:] if held_out_first else leaks):
            return shape, colour
    raise RuntimeError("no set of objects without a held-out pair was found; the word lists leave too few pairs")


def _place(rng: np.random.Generator, radius: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return x and y (n,), each the best of some candidates: no or little overlap, sometimes cut by the border."""
    margin = 0.1 if rng.random() < 0.5 else 0.2
    count = len(radius)
    x, y = rng.uniform(margin, 1 - margin, (2, count, 16))
    chosen = np.zeros(count, dtype=np.int64)
    for k in range(1, count):
        previous = np.arange(k)
        px, py = x[previous, chosen[:k]], y[previous, chosen[:k]]
        gap = np.hypot(x[k][:, None] - px, y[k][:, None] - py) - radius[:k] - radius[k]
        room = np.minimum(gap.min(axis=1), 0.03) + rng.uniform(0, 0.01, 16)
        chosen[k] = int(room.argmax())
    index = np.arange(count)
    return x[index, chosen], y[index, chosen]


def _paint(
    rng: np.random.Generator, size: int, objects: Objects, radius: NDArray[np.float64], style: SceneStyle
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    paints = np.stack([draw_colour(int(c), rng) for c in objects.colour])
    if style.clean:
        picture = backgrounds.flat_background(rng, size, paints, style.gray)
    else:
        picture = backgrounds.rich_background(rng, size, style.gray)
    if style.faint or (not style.clean and rng.random() < 0.15):
        picture = backgrounds.add_folds(rng, picture)
    opacity = np.float32(rng.uniform(0.28, 0.7)) if style.faint else np.float32(1.0)
    soft_borders = not style.clean and rng.random() < 0.3
    contour = style.clean and rng.random() < 0.25
    labels = np.zeros((size, size), dtype=np.uint8)
    for k in range(len(objects)):
        soft = float(rng.uniform(0.03, 0.12) * radius[k] * size) if soft_borders else 0.0
        _paint_object(rng, picture, labels, objects, k, float(radius[k]), paints[k], opacity, soft, contour)
    if style.faint and rng.random() < 0.7:
        picture = backgrounds.add_highlights(rng, picture)
    if style.gray:
        picture = np.repeat(picture.mean(axis=2, keepdims=True), 3, axis=2)
    if not style.clean or rng.random() < 0.15:
        picture = backgrounds.degrade(rng, picture, style.gray)
    return to_uint8(picture), labels


def _paint_object(
    rng: np.random.Generator,
    picture: Array,
    labels: NDArray[np.uint8],
    objects: Objects,
    index: int,
    radius: float,
    paint: Array,
    opacity: np.float32,
    soft: float,
    contour: bool,
) -> None:
    """Paint one object into the picture and the labels, inside its bounding box only."""
    size = labels.shape[0]
    outline = draw_outline(int(objects.shape[index]), rng)
    angle = draw_rotation(int(objects.shape[index]), rng)
    scale = radius * size
    centre = np.array([objects.x[index], objects.y[index]], dtype=np.float64) * size

    def on_picture(points: Points) -> Points:
        return np.asarray(rotate(points, angle) * scale + centre, dtype=np.float64)

    outer = on_picture(outline.outer)
    low = np.clip(np.floor(outer.min(axis=0) - 3 * soft - 2), 0, size).astype(int)
    high = np.clip(np.ceil(outer.max(axis=0) + 3 * soft + 2), 0, size).astype(int)
    width, height = (high - low).tolist()
    if width < 2 or height < 2:
        return
    hole = None if outline.hole is None else on_picture(outline.hole) - low
    cover = fill(outer - low, hole, height, width, soft)
    ys = (np.arange(height, dtype=np.float32)[:, None] + 0.5 + low[1] - np.float32(centre[1])) / np.float32(scale)
    xs = (np.arange(width, dtype=np.float32)[None, :] + 0.5 + low[0] - np.float32(centre[0])) / np.float32(scale)
    tone = _texture(rng, int(objects.texture[index]), xs, ys, scale)[:, :, None]
    surface = paint * (1 - tone) + second_tone(paint, rng) * tone
    box = (slice(low[1], high[1]), slice(low[0], high[0]))
    if contour:
        line = np.float32(0.0 if float(paint.mean()) > 0.35 else 0.75)
        width_px = float(rng.uniform(1.0, 1.8))
        shrink = max(0.5, 1 - width_px / (0.6 * scale))
        inner = fill((outer - centre) * shrink + centre - low, hole, height, width)
        surface = np.where((inner < 0.5)[:, :, None], line, surface)
    alpha = (cover * opacity)[:, :, None]
    picture[box] = picture[box] * (1 - alpha) + surface * alpha
    labels[box][cover > 0.5] = index + 1


def _texture(rng: np.random.Generator, texture: int, x: Array, y: Array, scale: float) -> Array:
    """Return how much of the second tone (h, w) each pixel takes; x and y in radii, `scale` pixels to the radius."""
    name = TEXTURES[texture]
    shape = (y.shape[0], x.shape[1])
    if name == "plain":
        return np.zeros(shape, dtype=np.float32)
    if name == "grainy":
        grain = rng.random(((shape[0] + 1) // 2, (shape[1] + 1) // 2), dtype=np.float32)
        return as_array(grain.repeat(2, axis=0).repeat(2, axis=1)[: shape[0], : shape[1]])
    if name == "shaded":
        angle = rng.uniform(0, 2 * np.pi)
        distance = np.hypot(x - np.float32(0.55 * np.cos(angle)), y - np.float32(0.55 * np.sin(angle)))
        return as_array(np.clip(distance / 1.6, 0, 1))
    angle = rng.choice([0.0, np.pi / 2, np.pi / 4, -np.pi / 4]) + rng.uniform(-0.2, 0.2)
    c, s = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    # At least four pixels to a period, or the pattern would only be a mixed tone.
    rate = np.float32(min(rng.uniform(2.0, 3.4) * np.pi * max(scale / 20.0, 0.8), 2 * np.pi * scale / 5.0))
    u, v = np.sin((x * c + y * s) * rate), np.sin((y * c - x * s) * rate)
    if name == "striped":
        return (u > 0).astype(np.float32) + np.zeros(shape, dtype=np.float32)
    return (u * v > (0.45 if name == "dotted" else 0.0)).astype(np.float32)
