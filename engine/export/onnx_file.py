"""One module → one ONNX graph that is complete and says nothing about this machine."""

from __future__ import annotations

import contextlib
import inspect
import io
import logging
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import onnx
import onnxscript.optimizer
import torch
from torch import Tensor, nn

OPSET = 18

_OUTSIDE = "outside."

_ONLY_REARRANGE = ("Transpose", "Split", "Slice", "Reshape", "Squeeze", "Unsqueeze")
_NO_LIMIT = 1 << 40


@dataclass(frozen=True)
class Signature:
    """Names of inputs and outputs, and of their axes: a string is an axis of any length, an int a fixed one."""

    inputs: dict[str, tuple[str | int, ...]]
    outputs: dict[str, tuple[str | int, ...]]


def to_onnx(module: nn.Module, example: Sequence[Tensor], signature: Signature, *, producer: str) -> onnx.ModelProto:
    """The module, traced with `example`, as an ONNX model of opset 18.

    Axes named in the signature take any length; examples should have a length of at least 2 there, since tracing may
    take a length of 1 for a constant. Weights stand as they are multiplied: what the tracer turns over at run time is
    turned over once, here. `graph_file.save_graph` checks what comes of it.
    """
    shapes = tuple(
        {axis: torch.export.Dim.DYNAMIC for axis, name in enumerate(axes) if isinstance(name, str)}
        for axes in signature.inputs.values()
    )
    named = list(inspect.signature(module.forward).parameters.values())
    gathered = len(named) == 1 and named[0].kind is inspect.Parameter.VAR_POSITIONAL
    with _quiet(), torch.no_grad():
        program = torch.onnx.export(
            module.eval(),
            tuple(example),
            dynamo=True,
            opset_version=OPSET,
            # Asked for by name, they may collide with values inside: the exporter calls those after their operators.
            input_names=[_OUTSIDE + name for name in signature.inputs],
            output_names=[_OUTSIDE + name for name in signature.outputs],
            dynamic_shapes=(shapes,) if gathered else shapes,  # `*tensors` is one argument to torch
            external_data=False,
            verbose=False,
        )
        assert program is not None
        onnxscript.optimizer.fold_constants(
            program.model,
            onnx_shape_inference=False,
            output_size_limit=_NO_LIMIT,
            should_fold=lambda node: node.op_type in _ONLY_REARRANGE,
        )
    model = program.model_proto
    clean(model, producer)
    outer = [*signature.inputs, *signature.outputs]
    names = {name: f"{name}.inner" for name in outer} | {_OUTSIDE + name: name for name in outer}
    rename(model.graph, lambda name: names.get(name, name))
    name_axes(model, signature)
    return model


def clean(model: onnx.ModelProto, producer: str) -> None:
    """Takes out what the exporter notes for debugging (stack traces with paths of this machine) and unused weights."""
    model.producer_name, model.producer_version = producer, ""
    model.doc_string = ""
    del model.metadata_props[:]
    for function in model.functions:
        function.doc_string = ""
        del function.metadata_props[:]
        _clean_nodes(function.node)
    _clean_graph(model.graph)


def _clean_graph(graph: onnx.GraphProto) -> None:
    graph.name = "graph"
    graph.doc_string = ""
    del graph.metadata_props[:]
    del graph.value_info[:]  # shapes are inferred again wherever they are needed
    for value in (*graph.input, *graph.output):
        value.doc_string = ""
        del value.metadata_props[:]
    for tensor in graph.initializer:
        tensor.doc_string = ""
        del tensor.metadata_props[:]
    _clean_nodes(graph.node)
    used = set(_used(graph))
    kept = [tensor for tensor in graph.initializer if tensor.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)


def _clean_nodes(nodes: Iterable[onnx.NodeProto]) -> None:
    for node in nodes:
        node.doc_string = ""
        del node.metadata_props[:]
        for attribute in node.attribute:
            attribute.doc_string = ""
            if attribute.type == onnx.AttributeProto.GRAPH:
                _clean_graph(attribute.g)


def _used(graph: onnx.GraphProto) -> Iterator[str]:
    for node in graph.node:
        yield from node.input
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                yield from _used(attribute.g)
    yield from (output.name for output in graph.output)


def rename(graph: onnx.GraphProto, new: Callable[[str], str]) -> None:
    """Gives every value of the graph, and of graphs inside it, the name that `new` says; the empty name stays."""
    for value in (*graph.input, *graph.output, *graph.initializer):
        value.name = new(value.name)
    for node in graph.node:
        node.name = ""  # says nothing, and may not appear twice
        for values in (node.input, node.output):
            values[:] = [new(name) if name else name for name in values]
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                rename(attribute.g, new)


def name_axes(model: onnx.ModelProto, signature: Signature) -> None:
    """Writes the signature's axes into the graph's inputs and outputs, instead of the exporter's s0, s1…"""
    named = {**signature.inputs, **signature.outputs}
    for value in (*model.graph.input, *model.graph.output):
        shape = value.type.tensor_type.shape
        for axis, name in zip(shape.dim, named[value.name], strict=True):
            axis.Clear()
            if isinstance(name, str):
                axis.dim_param = name
            else:
                axis.dim_value = name


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """The exporter prints its progress and warns about its own future."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
