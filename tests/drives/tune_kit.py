"""What the wizard is driven with: a drawn dataset with problems, tiny models in all forms of an import, a hub."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch

from engine.synthetic.sample_data import write_dataset
from tests.fakes.model_hub import ModelHub, Proxy
from tests.fakes.tiny_clipseg import write_tiny_clipseg
from tests.fakes.tiny_cris import tiny_cris, training_checkpoint, write_tiny_tokenizer

HUB_ID = "CIDAS/clipseg-rd64-refined"
CASES = 100  # ten in the validation split, which is made by patient
LONG_PHRASE = " ".join(["liver"] * 90)


@dataclass(frozen=True)
class Kit:
    """Files that are given to the window, and the hub that it may ask through the proxy."""

    work: Path
    data: Path
    folder: Path  # a checkpoint
    file: Path  # the weights of another one, in its folder
    zipped: Path
    cris: Path  # the authors' kind of checkpoint, without a tokenizer
    tokenizer: Path
    reference: Path  # pictures that a model is said to know
    hub: ModelHub
    proxy: Proxy


@contextmanager
def kit(work: Path) -> Iterator[Kit]:
    """Everything in `work`; all pictures are synthetic, all weights random."""
    data = work / "abdomen"
    write_dataset("abdomen-ct", data, CASES)
    images = sorted((data / "images").iterdir())
    images[0].write_bytes(b"")  # an error: it is left out
    shutil.copy(images[1], images[2])  # a warning: the same picture twice
    reference = work / "reference"
    write_dataset("polyps", reference, 64)
    shutil.rmtree(reference / "masks")
    folder = write_tiny_clipseg(work / "tiny-folder", 1)
    file = write_tiny_clipseg(work / "tiny-file", 2) / "model.safetensors"
    zipped = work / "tiny-zipped.zip"
    with zipfile.ZipFile(zipped, "w") as archive:
        for part in write_tiny_clipseg(work / "zipping", 3).iterdir():
            archive.write(part, f"downloaded/{part.name}")
    cris = work / "cris" / "best.pth"
    cris.parent.mkdir()
    torch.save(training_checkpoint(tiny_cris().state_dict()), cris)
    tokenizer = write_tiny_tokenizer(work / "words")
    with ModelHub(write_tiny_clipseg(work / "hub", 4), HUB_ID) as hub, Proxy(hub.port) as proxy:
        yield Kit(work, data, folder, file, zipped, cris, tokenizer, reference, hub, proxy)


def settings(home: Path) -> None:
    """As of a user who has seen the notice of the first start, and lets runs go on."""
    from dataclasses import asdict

    from tunevlseg_gui.settings.model import WindowSettings

    kept = WindowSettings(notice_seen=True, closing="background")
    (home / "settings.json").write_text(json.dumps(asdict(kept)), encoding="utf-8")
