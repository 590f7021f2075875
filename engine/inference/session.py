"""A bundle's three graphs: encode a slice once, ask it many phrases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.bundle.manifest import FIXED_GRAPH, IMAGE_GRAPH, MASK_GRAPH, TEXT_GRAPH, TOKENIZER
from engine.bundle.reader import Bundle
from engine.bundle.tokens import BundleTokens
from engine.contract.errors import NotABundle, OutOfMemory
from engine.inference.bound import PlacedArrays, run_bound
from engine.inference.runtime import Device, binding_device, default_threads, open_session

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class ImageEncoding:
    """What image.onnx made of some slices; every array has the slices as its first axis.

    On a graphics card they lie there (PlacedArrays) until a phrase is asked.
    """

    arrays: Arrays
    count: int

    @property
    def nbytes(self) -> int:
        if isinstance(self.arrays, PlacedArrays):
            return self.arrays.nbytes
        return sum(array.nbytes for array in self.arrays.values())

    def rows(self, start: int, stop: int) -> ImageEncoding:
        """The slices `start` … `stop` - 1: a view, or a copy of what lies on a device."""
        return ImageEncoding({name: array[start:stop] for name, array in self.arrays.items()}, stop - start)


@dataclass(frozen=True)
class TextEncoding:
    """What text.onnx made of one phrase.

    Arrays have the phrase as their first axis (length 1). With `text_depends_on_image` they hold what text.onnx takes
    instead, and it runs once the image is known. `label_index` says whose learned words were used, where labels have
    their own. `cut` says which words were too many, else it is None.
    """

    phrase: str
    arrays: Arrays
    label_index: int | None = None
    cut: str | None = None


@dataclass
class BundleSession:
    """The graphs of one bundle, loaded on first use.

    Results do not depend on which other phrases are asked, nor on what was asked before: phrases run one by one,
    so that the same question gives the same bytes on the same machine.
    """

    bundle: Bundle
    device: Device = "auto"
    threads: int = field(default_factory=default_threads)
    placed_on: str | None = None
    """Where image features stay between the graphs: "cpu", "cuda"; None: on the card where CUDA runs, else nowhere."""

    def __post_init__(self) -> None:
        self._graphs: dict[str, Any] = {}
        self._texts: dict[tuple[str, int | None], TextEncoding] = {}
        self._tokenizer: BundleTokens | None = None

    @property
    def provider(self) -> str:
        """The execution provider that really runs the image graph, such as CPUExecutionProvider."""
        return str(self._graph(IMAGE_GRAPH).get_providers()[0])

    @property
    def input_size(self) -> int:
        return self.bundle.manifest.preprocess.size

    @property
    def slices_per_batch(self) -> int:
        """Slices to encode at once: under a second's work on a slow processor, and the same for every scan."""
        pixels = self.input_size**2
        if self.provider == "CUDAExecutionProvider":
            return max(1, min(32, 4_000_000 // pixels))
        return max(1, min(16, 200_000 // pixels))

    def encode_text(self, phrase: str, *, label_index: int | None = None) -> TextEncoding:
        """The phrase, encoded once and remembered.

        `label_index` says whose learned words to use, where labels have their own. Raises InputError for a phrase
        without words, ValueError where nobody says whose words to use (a bug).
        """
        manifest = self.bundle.manifest
        if not manifest.depends_on_label:
            label_index = None
        elif label_index is None or not 0 <= label_index < len(manifest.labels):
            raise ValueError(f"whose learned words? There are {len(manifest.labels)} labels (got {label_index})")
        key = (phrase, label_index)
        if key not in self._texts:
            self._texts[key] = self._encode_text(phrase, label_index)
        return self._texts[key]

    def _encode_text(self, phrase: str, label_index: int | None) -> TextEncoding:
        ids, mask = self.tokens(phrase)
        cut = self._own_tokenizer().cut(phrase)
        tokens: dict[str, NDArray[Any]] = {"input_ids": ids, "attention_mask": mask}
        if self.bundle.manifest.text_depends_on_label:
            tokens["label_index"] = np.array([label_index], dtype=np.int64)
        arrays = tokens if self.bundle.manifest.text_depends_on_image else self._run(TEXT_GRAPH, tokens)
        return TextEncoding(phrase, arrays, label_index, cut)

    def tokens(self, phrase: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """What text.onnx is given for a phrase: ids and attention mask int64 [1, T], as long as the phrase."""
        return self._own_tokenizer().encode(phrase)

    def encode_image(self, inputs: NDArray[np.float32], *, label_index: int | None = None) -> ImageEncoding:
        """`inputs` float32 [B, 3, S, S], as engine.volumes.preprocess gives them; `label_index`: see `image_label`."""
        feed: dict[str, NDArray[Any]] = {"pixel_values": np.ascontiguousarray(inputs, dtype=np.float32)}
        if self.bundle.manifest.image_depends_on_label:
            if label_index is None:
                raise ValueError("the image is encoded once for each label: for which one?")
            feed["label_index"] = np.full(len(inputs), label_index, dtype=np.int64)
        return ImageEncoding(self._run(IMAGE_GRAPH, feed, stays=True), len(inputs))

    def logits(self, image: ImageEncoding, text: TextEncoding) -> NDArray[np.float32]:
        """Float32 [B, S, S]: how sure the network is of the phrase at each pixel of each slice, before the sigmoid."""
        logits = self._run(MASK_GRAPH, self._mask_feed(image, text))["logits"]
        return np.asarray(logits, dtype=np.float32).reshape(image.count, *logits.shape[-2:])

    def mask_inputs(self, image: ImageEncoding, text: TextEncoding) -> dict[str, NDArray[Any]]:
        """What mask.onnx is given to ask each of the slices for the phrase."""
        feed = self._mask_feed(ImageEncoding(dict(image.arrays), image.count), text)
        return {name: np.asarray(value) for name, value in feed.items()}

    def _mask_feed(self, image: ImageEncoding, text: TextEncoding) -> dict[str, Any]:
        """The same, with what lies on a device left there."""
        known = _where_they_lie(image.arrays)
        repeated = {name: np.repeat(array, image.count, axis=0) for name, array in text.arrays.items()}
        if self.bundle.manifest.text_depends_on_image:
            made = self._run(TEXT_GRAPH, {**repeated, "pooled": known["pooled"]}, stays=True)
            known.update(_where_they_lie(made))
        else:
            known.update(repeated)
        wanted = [item.name for item in self._graph(MASK_GRAPH).get_inputs()]
        missing = [name for name in wanted if name not in known]
        if missing:
            raise NotABundle(
                f"{self.bundle.path}: mask.onnx asks for {', '.join(missing)}, which the other graphs do not give.",
                hint="Export the bundle again.",
            )
        return {name: known[name] for name in wanted}

    def probabilities(self, image: ImageEncoding, texts: Sequence[TextEncoding]) -> NDArray[np.float32]:
        """Float32 [B, P, S, S]."""
        return np.stack([sigmoid(self.logits(image, text)) for text in texts], axis=1)

    def image_label(self, text: TextEncoding) -> int | None:
        """For which label a slice must be encoded to be asked this phrase; None where one encoding serves all."""
        return text.label_index if self.bundle.manifest.image_depends_on_label else None

    def ask(self, inputs: NDArray[np.float32], texts: Sequence[TextEncoding]) -> NDArray[np.float32]:
        """Probabilities float32 [B, P, S, S]; slices are encoded once, or once for each label that is asked."""
        encoded: dict[int | None, ImageEncoding] = {}
        maps = []
        for text in texts:
            label = self.image_label(text)
            if label not in encoded:
                encoded[label] = self.encode_image(inputs, label_index=label)
            maps.append(sigmoid(self.logits(encoded[label], text)))
        return np.stack(maps, axis=1)

    def fixed_probabilities(self, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """What fixed.onnx, meant for other programs, makes of `inputs`: float32 [B, labels, S, S]."""
        return np.asarray(self._run(FIXED_GRAPH, {"pixel_values": inputs})["probabilities"], dtype=np.float32)

    def load(self) -> None:
        """Loads every graph now; raises NotABundle for the first that does not."""
        self._own_tokenizer()
        for name in (TEXT_GRAPH, IMAGE_GRAPH, MASK_GRAPH):
            self._graph(name)

    def _own_tokenizer(self) -> BundleTokens:
        if self._tokenizer is None:
            data = self.bundle.read(TOKENIZER)
            self._tokenizer = BundleTokens(self.bundle.manifest, data, str(self.bundle.path))
        return self._tokenizer

    def _graph(self, name: str) -> Any:
        if name not in self._graphs:
            where = f"{self.bundle.path}: {name}"
            # Eight-bit graphs are made for processors: elsewhere they would run in pieces, and slower.
            device: Device = "cpu" if self.bundle.manifest.precision == "int8" else self.device
            graph, weights = self.bundle.read_graph(name), self.bundle.read_weights(name)
            self._graphs[name] = open_session(graph, device, self.threads, where, weights)
        return self._graphs[name]

    def _run(self, name: str, feed: Mapping[str, Any], *, stays: bool = False) -> Arrays:
        """`stays`: the outputs are for another graph, and stay on the device where image features do."""
        graph = self._graph(name)
        outputs = [item.name for item in graph.get_outputs()]
        device = self.placed_on or binding_device(graph)
        try:
            if device is not None:
                return run_bound(graph, feed, outputs, device, to_host=not stays)
            return dict(zip(outputs, graph.run(outputs, dict(feed)), strict=True))
        except Exception as error:  # ONNX Runtime's exceptions share no base class
            text = str(error)
            if "allocate" in text.lower() or "out of memory" in text.lower():
                raise OutOfMemory(
                    "There is not enough memory to segment this scan.",
                    hint="Close other programs, or choose the device cpu.",
                ) from error
            raise NotABundle(
                f"{self.bundle.path}: {name} failed while running: {text.splitlines()[0] if text else error!r}",
                hint="Export the bundle again.",
            ) from error


def _where_they_lie(arrays: Arrays) -> dict[str, Any]:
    return {name: arrays.placed(name) for name in arrays} if isinstance(arrays, PlacedArrays) else dict(arrays)


def sigmoid(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """1 / (1 + exp(-logits)) in float32, without overflow."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * logits)), dtype=np.float32)
