"""Tuning beside a plain step in the published manner (`plain_step.py`), strategy by strategy, taking turns.

    python tests/benchmarks/tuning.py [--model starter] [--strategies coop,vpt] [--images 16] [--rounds 3] [--json]
    python tests/benchmarks/tuning.py --strategies vpt --precision bf16 --attention eager [--checkpointing] [--json]
    python tests/benchmarks/tuning.py --whole 800x20 [--strategies coop,vpt] [--json]
    python tests/benchmarks/tuning.py --scaling 100,1000 --epochs 3 [--json]
    python tests/benchmarks/tuning.py --dice [--strategies coop] [--json]
    python tests/benchmarks/tuning.py --dice precision --dice-images 40 --dice-epochs 10 [--strategies coop,vpt]

The first: `clipseg` is CLIPSeg at its own size (ViT-B/16, 352 px) with random weights. Each way of working has a
process of its own; they take turns epoch by epoch, so that whatever else the machine does slows all alike, and each
tells its peak memory. Ours is the real loop (`Trainer.fit`) with the cache on disk, plain is a bare loop without
augmentation. Ratios are by processor time, which other programs disturb less; wall times stand beside. Exactness: the
same step on both in fp32, largest difference of logits and of gradients beside the largest of them.
`--whole` and `--scaling`: whole runs with the starter, wall time end to end. `--dice`: best validation Dice
with the default views beside the published rate, or with `precision` of bf16 beside fp32, four seeds each, on a drawn
(synthetic) sample set.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

STRATEGIES = ("coop", "cocoop", "vpt", "maple", "shared_attention", "shared_separate")
TEXT_ONLY = ("coop", "cocoop")
WAYS = ("none", "views", "published")
PHRASES = {"clipseg": [49406, 1237, 539, 320, 2866, 269, 49407]}
"""Token numbers of a phrase of the usual length; the words do not matter to random weights."""


# --- what runs in a process of its own ---------------------------------------------------------------------------


def worker(task: dict[str, Any]) -> None:
    """Answers each line on standard input with what one epoch took; the first answer says that it is ready."""
    import torch

    torch.set_num_threads(task["threads"])

    def answer(**values: Any) -> None:
        sys.stdout.write(json.dumps(values) + "\n")
        sys.stdout.flush()

    if task["way"] == "compare":
        answer(**compare(task))
        return
    answer(ready=True)
    if not sys.stdin.readline():
        return
    if task["way"] == "plain":
        epochs = plain_epochs(task)
        next(epochs)
        while True:
            answer(**timed(lambda: next(epochs)), memory=peak())
            if not sys.stdin.readline():
                return
    our_epochs(task, answer)


def timed(work: Callable[[], Any]) -> dict[str, float]:
    wall, processor = time.perf_counter(), time.process_time()
    work()
    return {"wall": time.perf_counter() - wall, "cpu": time.process_time() - processor}


def peak() -> float:
    """Megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def network_of(task: dict[str, Any], attention: str) -> Any:
    """The network with its weights, stock modules."""
    import torch
    from transformers import CLIPSegConfig, CLIPSegForImageSegmentation
    from transformers.utils import logging

    logging.disable_progress_bar()
    if task["model"] == "starter":
        from engine.models.weights import find_weights

        return CLIPSegForImageSegmentation.from_pretrained(
            find_weights("starter").path, dtype=torch.float32, attn_implementation=attention
        ).eval()
    from tests.fakes.tiny_clipseg import drawn_weights

    config = CLIPSegConfig(
        vision_config={"image_size": 352, "patch_size": 16},
        text_config={"eos_token_id": 2},
        reduce_dim=64,
        attn_implementation=attention,
    )
    network = drawn_weights(CLIPSegForImageSegmentation(config))
    # A residual network adds up what its blocks give; with trained weights each gives little.
    with torch.no_grad():
        for tower in (network.clip.vision_model, network.clip.text_model):
            for layer in tower.encoder.layers:
                layer.self_attn.out_proj.weight.mul_(0.2)
                layer.mlp.fc2.weight.mul_(0.2)
    return network


def phrase_of(task: dict[str, Any]) -> list[int]:
    if task["model"] != "starter":
        return PHRASES["clipseg"]
    from engine.models.weights import find_weights
    from engine.text.tokenizer import PhraseTokenizer

    return PhraseTokenizer.from_folder(find_weights("starter").path).encode(["red blob."])[0][0].tolist()


def dataset_of(task: dict[str, Any], size: int, count: int, seed: int) -> Any:
    """Drawn discs on noise, in memory: the same for every way of working."""
    import numpy as np

    from engine.data.dataset import SliceDataset, SliceRef
    from engine.volumes.preprocess import Preprocess

    del task
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 60, (count, size, size, 3), dtype=np.uint8)
    masks = np.zeros((count, 1, size, size), np.uint8)
    rows, columns = np.ogrid[:size, :size]
    for at in range(count):
        row, column = rng.integers(size // 3, 2 * size // 3, 2)
        masks[at, 0] = (rows - row) ** 2 + (columns - column) ** 2 < (size // 5) ** 2
        images[at][masks[at, 0] > 0] += 150
    refs = [
        SliceRef(SimpleNamespace(case=SimpleNamespace(case_id=f"c{at}")), 0, (size, size))  # type: ignore[arg-type]
        for at in range(count)
    ]
    table: Any = SimpleNamespace(names=["disc"])
    report: Any = None
    return SliceDataset(images, masks, refs, table, Preprocess(size=size), report)


def tuned_of(task: dict[str, Any]) -> Any:
    """Our model with its learner, drawn from a seed."""
    import torch

    from engine.models.clipseg import ClipSeg
    from engine.strategies import STRATEGIES as REGISTRY
    from engine.strategies.tuned_model import TunedModel

    config = REGISTRY.get(task["strategy"]).model_validate({})
    vlsm = ClipSeg(network_of(task, "sdpa"))
    torch.manual_seed(1)
    width = vlsm.sites.text_width
    return TunedModel(vlsm, config, config.build(vlsm.sites, lambda text: torch.randn(4, width) * 0.1, 1))


def plain_epochs(task: dict[str, Any]) -> Any:
    """Yields when all is made, then after each epoch."""
    import numpy as np
    import torch

    from engine.training.losses import dice_ce
    from tests.benchmarks.plain_step import PlainModel

    tuned = tuned_of({**task, "model": task["model"]})
    learner, size = tuned.learner, tuned.vlsm.sites.image_size
    del tuned
    plain = PlainModel(network_of(task, "eager"))
    for parameter in plain.network.parameters():
        parameter.requires_grad_(False)
    data = dataset_of(task, size, task["images"], 1)
    ids = torch.tensor([phrase_of(task)])
    optimiser = torch.optim.AdamW(learner.parameters(), lr=1e-4)
    mean, std = (torch.tensor(values)[:, None, None] for values in (data.preprocess.mean, data.preprocess.std))
    epoch = 0
    yield epoch  # so far it was only made
    while True:
        epoch += 1
        order = np.random.default_rng([1, epoch]).permutation(len(data))
        for start in range(0, len(order), task["batch"]):
            at = order[start : start + task["batch"]]
            pixels = torch.from_numpy(data.images[at]).permute(0, 3, 1, 2).float() / 255
            texts = ids.expand(len(at), -1)
            logits = plain.logits((pixels - mean) / std, texts, torch.ones_like(texts), learner)
            masks = torch.from_numpy(data.masks[at]).float()
            loss = dice_ce(logits, masks, torch.ones(len(at), 1, dtype=torch.bool), 1.0, 0.2)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            loss.item()
        yield epoch


class Nowhere:
    """A run folder that keeps nothing."""

    def row(self, metrics: dict[str, float]) -> None:
        self.last = metrics

    def epoch(self, epoch: int, write: Any, *, best: bool, keep: int) -> None:
        del epoch, write, best, keep

    def preview(self, epoch: int, picture: Any) -> Path:
        raise AssertionError((epoch, picture))

    def adapted(self, plan: dict[str, Any], changes: dict[str, Any]) -> None:
        raise AssertionError((plan, changes))


def trainer_of(task: dict[str, Any], emit: Callable[[Any], None], epochs: int, val: int = 1) -> Any:
    import torch

    from engine.contract.control import CancelToken
    from engine.data.augment import Augmentation
    from engine.data.config import DataConfig
    from engine.data.loader import Loader
    from engine.training.config import TrainingConfig
    from engine.training.loop import Trainer
    from engine.training.plan import Plan
    from engine.training.questions import Phrases

    tuned = tuned_of(task)
    size = tuned.vlsm.sites.image_size
    ids = torch.tensor([phrase_of(task)])
    values = {"epochs": epochs, "batch_size": task["batch"], "learning_rate": 1e-4, "previews": False, "patience": 999}
    augment = Augmentation.of(DataConfig(augment=task["way"]), kept=tuned.tower_is_fixed)
    return Trainer(
        model=tuned,
        phrases=Phrases(ids, torch.ones_like(ids), torch.arange(1), ["disc"], ["#ffffff"]),
        train=Loader(dataset_of(task, size, task["images"], 1), task["batch"], 1, training=True, augment=augment),
        val=Loader(dataset_of(task, size, val, 2), task["batch"], 1),
        config=TrainingConfig.model_validate(values),
        seed=1,
        device=torch.device("cpu"),
        sink=Nowhere(),
        emit=emit,
        cancel=CancelToken(),
        job_id="benchmark",
        plan=Plan(**task.get("plan", {})),
        base="random weights of this benchmark",
    )


def our_epochs(task: dict[str, Any], answer: Callable[..., None]) -> None:
    """Runs the loop; after the training part of each epoch it tells what that took, and waits for its turn."""
    from engine.contract.events import EpochEnded, Progress

    marks = [time.perf_counter(), time.process_time()]
    took: dict[str, float] = {}

    def emit(event: Any) -> None:
        if isinstance(event, Progress) and event.stage.endswith("tuning") and event.done >= event.total:
            took["wall"], took["cpu"] = time.perf_counter() - marks[0], time.process_time() - marks[1]
        if isinstance(event, EpochEnded):
            answer(**took, memory=peak())
            if not sys.stdin.readline():
                os._exit(0)
            marks[:] = [time.perf_counter(), time.process_time()]

    trainer = trainer_of(task, emit, 1000)
    marks[:] = [time.perf_counter(), time.process_time()]
    trainer.fit()


def compare(task: dict[str, Any]) -> dict[str, float]:
    """One step on both: largest difference of logits and of gradients, beside the largest of each."""
    import torch

    from engine.training.losses import dice_ce
    from tests.benchmarks.plain_step import PlainModel

    tuned = tuned_of(task)
    tuned.eval()  # dropout would differ
    plain = PlainModel(network_of(task, "eager"))
    for parameter in plain.network.parameters():
        parameter.requires_grad_(False)
    size = tuned.vlsm.sites.image_size
    torch.manual_seed(3)
    pixels = torch.randn(2, 3, size, size)
    masks = (torch.rand(2, 1, size, size) > 0.7).float()
    ids = torch.tensor([phrase_of(task)])
    present = torch.ones(2, 1, dtype=torch.bool)
    learned = list(tuned.learner.parameters())
    both = []
    for way in ("ours", "plain"):
        if way == "ours" and tuned.tower_is_fixed:
            with torch.no_grad():
                seen = tuned.seen(pixels)
            image = tuned.from_seen(seen)
            if tuned.learner.needs_pooled:
                logits = tuned.ask_with_words(image, ids, torch.ones_like(ids))
            else:
                logits = tuned.ask(image, tuned.encode_phrases(ids, torch.ones_like(ids)))
        elif way == "ours":
            logits = tuned(pixels, ids, torch.ones_like(ids))
        else:
            texts = ids.expand(2, -1)
            logits = plain.logits(pixels, texts, torch.ones_like(texts), tuned.learner)
        gradients = torch.autograd.grad(dice_ce(logits, masks, present, 1.0, 0.2), learned)
        both.append((logits.detach(), gradients))
    (ours, our_gradients), (theirs, their_gradients) = both
    largest = max(float(gradient.abs().max()) for gradient in their_gradients)
    apart = max(float((a - b).abs().max()) for a, b in zip(our_gradients, their_gradients, strict=True))
    return {
        "logits": float((ours - theirs).abs().max()),
        "largest_logit": float(theirs.abs().max()),
        "gradients": apart,
        "largest_gradient": largest,
    }


# --- what asks them ------------------------------------------------------------------------------------------------


class Turn:
    """A process that does an epoch when it is asked."""

    def __init__(self, task: dict[str, Any], home: Path) -> None:
        environment = {**os.environ, "TUNEVLSEG_HOME": str(home), "HF_HUB_OFFLINE": "1"}
        environment["OMP_NUM_THREADS"] = str(task["threads"])
        self._process = subprocess.Popen(
            [sys.executable, __file__, "--worker", json.dumps(task)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        self.first = self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("a process of the benchmark ended early")
        found: dict[str, Any] = json.loads(line)
        return found

    def epoch(self) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self._answer()

    def end(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def measured(strategy: str, options: argparse.Namespace) -> dict[str, Any]:
    """One line of the table."""
    # Where the image side learns, nothing is kept, and changes of images cost alike on both sides.
    ways = tuple(options.ways.split(",")) if strategy in TEXT_ONLY else ("none",)
    batch = options.batch or (8 if strategy in TEXT_ONLY else 4)
    task = {
        "model": options.model,
        "strategy": strategy,
        "images": options.images,
        "batch": batch,
        "threads": options.threads,
        "plan": {
            "precision": options.precision,
            "attention": options.attention,
            "checkpointing": options.checkpointing,
        },
    }
    with tempfile.TemporaryDirectory() as folder:
        exact = Turn({**task, "way": "compare"}, Path(folder))
        exact.end()
        turns = {way: Turn({**task, "way": way}, Path(folder) / way) for way in ("plain", *ways)}
        took: dict[str, list[dict[str, Any]]] = {way: [] for way in turns}
        for round_ in range(options.rounds):
            took["plain"].append(turns["plain"].epoch())
            for way in ways:
                # Epochs 1 to 4 meet new views; afterwards these come again.
                for _ in range(6 if round_ == 0 and way == "views" else 2):
                    took[way].append(turns[way].epoch())
        for turn in turns.values():
            turn.end()
    return line_of(strategy, options.images, batch, exact.first, took)


def line_of(
    strategy: str, images: int, batch: int, exact: dict[str, float], took: dict[str, list[dict[str, Any]]]
) -> dict[str, Any]:
    def middle(epochs: list[dict[str, Any]], clock: str) -> float:
        return statistics.median(epoch[clock] for epoch in epochs)

    plain = took.pop("plain")
    line: dict[str, Any] = {
        "strategy": strategy,
        "images": images,
        "batch": batch,
        "exact": exact,
        "plain": {
            "seconds_per_1000": 1000 * middle(plain, "wall") / images,
            "cpu_per_1000": 1000 * middle(plain, "cpu") / images,
            "memory_mb": plain[-1]["memory"],
        },
    }
    for way, epochs in took.items():
        spans = {"epoch 1": epochs[:1], "epochs ≥ 2": epochs[1:]}
        if way == "views":
            spans = {"epoch 1": epochs[:1], "epochs 2–4": epochs[1:4], "epochs ≥ 5": epochs[4:]}
        line[way] = {"memory_mb": epochs[-1]["memory"]}
        for span, part in spans.items():
            ratios = [one["cpu"] / other["cpu"] for one in plain for other in part]
            line[way][span] = {
                "seconds_per_1000": 1000 * middle(part, "wall") / images,
                "cpu_per_1000": 1000 * middle(part, "cpu") / images,
                "ratio": middle(plain, "cpu") / middle(part, "cpu"),
                "ratio_wall": middle(plain, "wall") / middle(part, "wall"),
                "spread": [min(ratios), max(ratios)],
            }
    return line


def table(lines: list[dict[str, Any]]) -> str:
    rows = [
        "| strategy | way | seconds per 1,000 images | ratio (spread) | by wall time | peak MB | logits, gradients |",
        "|---|---|--:|--:|--:|--:|--:|",
    ]
    for line in lines:
        plain, exact = line["plain"], line["exact"]
        logits = f"{exact['logits']:.0e} of {exact['largest_logit']:.1f}"
        apart = f"{logits}, {exact['gradients']:.0e} of {exact['largest_gradient']:.0e}"
        rows.append(
            f"| {line['strategy']} | plain | {plain['seconds_per_1000']:.0f} | 1 | 1 | {plain['memory_mb']:.0f} | – |"
        )
        for way in WAYS:
            for span, found in line.get(way, {}).items():
                if span == "memory_mb":
                    continue
                low, high = found["spread"]
                ratio = f"{found['ratio']:.2f} ({low:.2f}–{high:.2f})"
                rows.append(
                    f"| | {way}, {span} | {found['seconds_per_1000']:.1f} | {ratio} "
                    f"| {found['ratio_wall']:.2f} | {line[way]['memory_mb']:.0f} | {apart} |"
                )
    return "\n".join(rows)


def whole_run(strategy: str, images: int, epochs: int, threads: int) -> dict[str, Any]:
    """A run with the starter and the default views, from loading the weights to its last epoch; a tenth validates."""
    import torch

    torch.set_num_threads(threads)
    task = {"model": "starter", "strategy": strategy, "images": images, "batch": 32, "way": "views"}
    with tempfile.TemporaryDirectory() as home:
        os.environ["TUNEVLSEG_HOME"] = home
        trainer: Any = None

        def run() -> None:
            nonlocal trainer
            trainer = trainer_of(task, lambda event: None, epochs, val=max(1, images // 8))
            trainer.fit()

        took = timed(run)
    return {"strategy": strategy, "images": images, "epochs": epochs, **took, "peak_mb": peak()}


def dice(threads: int, strategy: str, compared: str, count: int, epochs: int, seeds: int) -> dict[str, Any]:
    """Best validation Dice of whole runs with the starter on drawn polyps, by seed, for each of two ways.

    `compared`: "views" beside the published rate of random changes, or "precision": bf16 beside fp32.
    """
    from engine.assemble import Listener, inspect_for, make_network, make_trainer
    from engine.contract.control import CancelToken
    from engine.recipe import make_recipe
    from engine.synthetic.sample_data import write_dataset
    from engine.training.plan import Plan

    new, known = ("views", "published") if compared == "views" else ("bf16", "fp32")
    found: dict[str, list[float]] = {new: [], known: []}
    seconds: dict[str, float] = {new: 0.0, known: 0.0}
    with tempfile.TemporaryDirectory() as home:
        os.environ["TUNEVLSEG_HOME"] = home
        folder = Path(home) / "polyps"
        write_dataset("polyps", folder, count, 5)
        hear = Listener(lambda event: None, CancelToken(), "benchmark")
        for seed in range(1, seeds + 1):
            for way, scores in found.items():
                values = {
                    "seed": seed,
                    "data": {"folder": str(folder), "split": {"train": 0.6, "val": 0.4, "test": 0.0}},
                    "model": {"name": "clipseg", "weights": "starter"},
                    "strategy": {"name": strategy},
                    "training": {"device": "cpu", "threads": threads, "previews": False},
                }
                if compared == "views":
                    values["data"]["augment"] = way
                if epochs:
                    values["training"] |= {"epochs": epochs, "patience": epochs}
                recipe = make_recipe(values)
                report = inspect_for(recipe, hear)
                network = make_network(recipe, [label.name for label in report.labels])
                trainer = make_trainer(network, report, Nowhere(), hear)
                if way == "bf16":
                    trainer.plan = Plan(precision="bf16")
                began = time.process_time()
                scores.append(trainer.fit().best_dice)
                seconds[way] += time.process_time() - began
    spread = max(found[known]) - min(found[known])
    apart = statistics.mean(found[new]) - statistics.mean(found[known])
    return {
        "strategy": strategy,
        "images": count,
        "epochs": epochs or "as the recipe says",
        **found,
        "processor_seconds": seconds,
        "seed_spread": spread,
        "difference_of_means": apart,
        "within": abs(apart) <= spread,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=("clipseg", "starter"), default="clipseg")
    parser.add_argument("--strategies", default=",".join(STRATEGIES))
    parser.add_argument("--images", type=int, default=16, help="in an epoch")
    parser.add_argument("--batch", type=int, default=0, help="0: 8 for text strategies, 4 for the rest")
    parser.add_argument("--ways", default=",".join(WAYS), help="of changing images, for strategies with kept features")
    parser.add_argument("--rounds", type=int, default=3, help="plain epochs, and twice as many of ours")
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="fp32", help="of ours; bf16 is not exact")
    parser.add_argument("--attention", choices=("sdpa", "eager"), default="sdpa", help="of ours")
    parser.add_argument("--checkpointing", action="store_true", help="ours computes inner values again: less memory")
    parser.add_argument("--threads", type=int, default=max(1, (os.cpu_count() or 2) - 1))
    parser.add_argument("--whole", help="IMAGESxEPOCHS: whole runs instead")
    parser.add_argument("--scaling", help="numbers of images: whole runs of --epochs instead")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--dice", choices=("views", "precision"), nargs="?", const="views")
    parser.add_argument("--dice-images", type=int, default=100, help="drawn images that --dice tunes and scores with")
    parser.add_argument("--dice-epochs", type=int, default=0, help="0: as a recipe has it")
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        worker(json.loads(options.worker))
        return
    names = options.strategies.split(",")
    found: Any
    if options.dice:
        given = options.dice, options.dice_images, options.dice_epochs, options.seeds
        chosen = names if names != list(STRATEGIES) else ["coop"]
        found = [dice(options.threads, name, *given) for name in chosen]
    elif options.whole or options.scaling:
        if options.whole:
            images, epochs = (int(number) for number in options.whole.split("x"))
            asked = [(images, epochs)]
        else:
            asked = [(int(number), options.epochs) for number in options.scaling.split(",")]
        chosen = names if names != list(STRATEGIES) else ["coop", "vpt"]
        found = [whole_run(name, *each, options.threads) for name in chosen for each in asked]
    else:
        found = [measured(name, options) for name in names]
    if options.json:
        print(json.dumps({"cores": os.cpu_count(), "threads": options.threads, "results": found}))  # noqa: T201
    elif options.dice or options.whole or options.scaling:
        print(json.dumps(found, indent=1))  # noqa: T201
    else:
        print(table(found))  # noqa: T201


if __name__ == "__main__":
    main()
