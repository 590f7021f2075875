"""Does a graph take and give what the manifest says? Told when it is read, not in the middle of a scan."""

from __future__ import annotations

from engine.bundle.manifest import FIXED_GRAPH, IMAGE_GRAPH, MASK_GRAPH, TEXT_GRAPH, Manifest
from engine.bundle.onnx_header import OnnxHeader
from engine.contract.errors import NotABundle


def check_signature(manifest: Manifest, name: str, header: OnnxHeader, where: str) -> None:
    """Raises NotABundle, naming `where`, for a graph that cannot be the bundle's `name`."""
    takes = expected_inputs(manifest, name)
    gives = expected_outputs(manifest, name)
    if takes is not None and set(header.inputs) != takes:
        raise _other(where, name, "take", takes, header.inputs)
    if not gives <= set(header.outputs):
        raise _other(where, name, "give", gives, header.outputs)


def expected_inputs(manifest: Manifest, name: str) -> set[str] | None:
    """Names of what the graph takes; None for mask.onnx, which takes some of what the others give."""
    if name == MASK_GRAPH:
        return None
    takes = {"input_ids", "attention_mask"} if name == TEXT_GRAPH else {"pixel_values"}
    if name == TEXT_GRAPH and manifest.text_depends_on_image:
        takes.add("pooled")
    if (name == TEXT_GRAPH and manifest.text_depends_on_label) or (
        name == IMAGE_GRAPH and manifest.image_depends_on_label
    ):
        takes.add("label_index")
    return takes


def expected_outputs(manifest: Manifest, name: str) -> set[str]:
    """Names of what the graph must give at least."""
    if name == IMAGE_GRAPH:
        return {"pooled"} if manifest.text_depends_on_image else set()
    return {{TEXT_GRAPH: "embedding", MASK_GRAPH: "logits", FIXED_GRAPH: "probabilities"}[name]}


def _other(where: str, name: str, verb: str, wanted: set[str], found: tuple[str, ...]) -> NotABundle:
    there = ", ".join(sorted(found)) or "nothing"
    return NotABundle(
        f"{where}: {name} should {verb} {', '.join(sorted(wanted))}; it {verb}s {there}.",
        hint="Export the bundle again.",
    )
