"""How far is far: the domain-shift gauge of a starter on pictures of its own world, on changed ones, and on others.

python tests/benchmarks/domain_shift.py [--model starter] [--real FOLDER] [--json]

Drawn scenes are also changed step by step (noise, blur, contrast, colour), and the starter is asked of the changed
scenes what it was taught: the table then holds the distance beside the Dice that is left. `--real`: a folder with
dsb2018_nuclei, totalsegmentator_ct and axondeepseg_sem.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import torch  # noqa: E402
from numpy.typing import NDArray  # noqa: E402
from PIL import Image, ImageFilter  # noqa: E402

from engine.assemble import Listener  # noqa: E402
from engine.contract.control import CancelToken  # noqa: E402
from engine.export.base_model import base_preprocess  # noqa: E402
from engine.insight.draw_reference import scenes, starter_network  # noqa: E402
from engine.insight.energy import distance  # noqa: E402
from engine.insight.features import phrase_features, picture_features  # noqa: E402
from engine.insight.pictures import Pictures, of_folder  # noqa: E402
from engine.insight.reference import of_pictures, shipped  # noqa: E402
from engine.insight.shift import phrase_rows  # noqa: E402
from engine.synthetic import ct_volume, other_scenes  # noqa: E402
from engine.synthetic.evaluate import answer, open_model, questions  # noqa: E402
from engine.synthetic.medical import draw_case  # noqa: E402
from engine.synthetic.scenes import draw_scene  # noqa: E402

Picture = NDArray[np.uint8]
COUNT = 100
REAL = ("dsb2018_nuclei/images/*", "totalsegmentator_ct/example_ct.nii.gz", "axondeepseg_sem/sub-*/micr/*.png")
PHRASES = (
    "red object", "a dark blob", "lesion", "tumour", "lungs", "spleen", "nucleus", "kidney", "red disc", "liver",
    "polyp", "mole", "polyps in the colon", "xyzzy qwfp",
)  # fmt: skip


def noisy(strength: float) -> Callable[[Picture, int], Picture]:
    def change(image: Picture, number: int) -> Picture:
        drawn = np.random.default_rng(number).normal(0, strength, image.shape)
        return np.clip(image + drawn, 0, 255).astype(np.uint8)

    return change


def blurred(radius: float) -> Callable[[Picture, int], Picture]:
    return lambda image, number: np.asarray(Image.fromarray(image).filter(ImageFilter.GaussianBlur(radius)))


def pale(share: float) -> Callable[[Picture, int], Picture]:
    return lambda image, number: np.clip(128 + (image - 128.0) * share, 0, 255).astype(np.uint8)


def grey(image: Picture, number: int) -> Picture:
    return np.repeat(image.mean(axis=2, keepdims=True).astype(np.uint8), 3, axis=2)


def dark(share: float) -> Callable[[Picture, int], Picture]:
    return lambda image, number: (image * share).astype(np.uint8)


CHANGES: dict[str, Callable[[Picture, int], Picture]] = {
    "as drawn": lambda image, number: image,
    "noise 10": noisy(10),
    "noise 20": noisy(20),
    "noise 40": noisy(40),
    "noise 80": noisy(80),
    "blur 1 px": blurred(1),
    "blur 2 px": blurred(2),
    "blur 4 px": blurred(4),
    "contrast 1/2": pale(0.5),
    "contrast 1/4": pale(0.25),
    "contrast 1/8": pale(0.125),
    "light 1/2": dark(0.5),
    "light 1/4": dark(0.25),
    "grey": grey,
    "inverted": lambda image, number: 255 - image,
}


def new_scenes(size: int) -> list[Picture]:
    return [scene.image for scene in scenes(7, COUNT, size)]


def drawn_sets(size: int) -> dict[str, list[Picture]]:
    def small(image: Picture) -> Picture:
        return np.asarray(Image.fromarray(image).resize((size, size), Image.Resampling.BILINEAR))

    found = {"scenes, new": new_scenes(size)}
    rng = np.random.default_rng
    found["scenes of one object"] = [draw_scene(rng((8, n)), size, "single").image for n in range(COUNT)]
    plain = [
        other_scenes.draw_plain(r, other_scenes.draw_pairs(r, False), size) for n in range(COUNT) for r in (rng(n),)
    ]
    found["the other drawing"] = [image for image, _, _ in plain]
    for kind in ("polyps", "breast-ultrasound", "skin-lesions", "chest-xray"):
        found[kind] = [small(draw_case(kind, rng((3, n)), (176, 176)).image) for n in range(COUNT)]  # type: ignore[arg-type]
    slices = []
    for patient in range(COUNT // 5):
        volume = ct_volume.draw_abdomen(rng((4, patient)), (5, 160, 192), (24.0, 2.0, 2.0))
        slices += [small(np.repeat(ct_volume.window(one)[:, :, None], 3, axis=2)) for one in volume.hounsfield]
    found["abdomen-ct"] = slices
    found["black"] = [np.zeros((size, size, 3), np.uint8)] * 20
    found["noise alone"] = [rng(n).integers(0, 256, (size, size, 3), dtype=np.uint8) for n in range(COUNT)]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="starter")
    parser.add_argument("--real", type=Path)
    parser.add_argument("--scenes", type=int, default=150, help="scenes that Dice is measured on")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    torch.set_num_threads(1)
    network = starter_network(given.model)
    base = base_preprocess(network.weights)
    hear = Listener(lambda event: None, CancelToken(), "bench")
    reference = shipped(network.weights.path, network.weights.sha256)
    assert reference is not None
    assert reference.phrases is not None
    rows: list[dict[str, object]] = []

    def told(name: str, pictures: Pictures, **more: object) -> None:
        features = picture_features(network, pictures, hear, name)
        found = distance(reference.views, features, pictures.groups)
        rows.append(
            {"set": name, "n": len(pictures), "value": found.value, "low": found.low, "high": found.high, **more}
        )
        if not given.json:
            bounds = "" if found.low is None else f"({found.low:.2f} to {found.high:.2f})"
            rest = "  ".join(f"{key} {value:.2f}" for key, value in more.items())
            sys.stdout.write(f"{name:24s} n {len(pictures):4d}  {found.value:.2f} {bounds:18s} {rest}\n")

    def pack(images: list[Picture]) -> Pictures:
        numbers = tuple(range(len(images)))
        return Pictures(np.stack(images), base, tuple(map(str, numbers)), numbers, tuple(map(str, numbers)))

    starter, tokenizer = open_model(network.weights.path)
    asked = [one for one in questions(given.scenes, base.size, seed=5) if one.group == "scenes" and one.target.any()]
    for name, change in CHANGES.items():
        changed = [change(one.image, number) for number, one in enumerate(asked)]
        put = [replace(one, image=image) for one, image in zip(asked, changed, strict=True)]
        answers = answer(starter, tokenizer, put)
        dice = [2 * (a & q.target).sum() / (a.sum() + q.target.sum()) for a, q in zip(answers, asked, strict=True)]
        told(name, pack([change(image, n) for n, image in enumerate(new_scenes(base.size))]), dice=float(np.mean(dice)))
    sets = drawn_sets(base.size)
    for name, images in sets.items():
        told(name, pack(images))
    told("scenes and polyps, mixed", pack([*sets["scenes, new"][:50], *sets["polyps"][:50]]))
    if given.real:
        for name in REAL:
            with tempfile.TemporaryDirectory() as alone:
                for file in given.real.glob(name):
                    shutil.copy(file, alone)
                told(f"{name.split('/')[0]} (real)", of_folder(Path(alone), base, hear.emit, hear.cancel, "bench"))
    half = pack([scene.image for scene in scenes(9, COUNT, base.size)])
    folder = of_pictures(picture_features(network, half, hear, "half"), half.groups, "a folder")
    for name in ("scenes, new", "polyps"):
        found = distance(folder.views, picture_features(network, pack(sets[name]), hear, name), pack(sets[name]).groups)
        rows.append({"set": f"{name}, from a folder of 100 scenes", "value": found.value})
        if not given.json:
            sys.stdout.write(f"{name}, from a folder of {COUNT} scenes: {found.value:.2f}\n")
    places = phrase_rows(reference.phrases.place(list(PHRASES), phrase_features(network, PHRASES, hear)))
    if given.json:
        sys.stdout.write(json.dumps({"sets": rows, "phrases": places}, indent=1) + "\n")
        return
    for place in places:
        sys.stdout.write(
            f"{place['phrase']:24s} {place['value']:.2f}  beyond {place['beyond']:.2f}  nearest: {place['nearest']}\n"
        )


if __name__ == "__main__":
    main()
