"""Reads what must be known of an ONNX file before it is run, without the onnx package: a bundle may come from anyone.

ONNX files are protocol buffers: a sequence of (field number, wire type, value). Only the names of inputs and outputs,
the operator set, and the places where a tensor may say that its values lie in another file are looked at; the weights
themselves are stepped over. Field numbers: onnx/onnx.proto.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

_VARINT, _EIGHT_BYTES, _COUNTED, _FOUR_BYTES = 0, 1, 2, 5

_MODEL = {"graph": 7, "opset_import": 8, "functions": 25}
_GRAPH = {"node": 1, "initializer": 5, "input": 11, "output": 12, "sparse_initializer": 15}
_TENSOR = {"name": 8, "external_data": 13, "data_location": 14}
_DEEPEST = 32


@dataclass(frozen=True, slots=True)
class OnnxHeader:
    """`opset` of the default domain (0: none stated); `inputs` without those that have a value of their own;
    `external`: files that weights are to be read from ("" where a tensor names none)."""

    opset: int
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    external: frozenset[str]

    @property
    def has_external_data(self) -> bool:
        return bool(self.external)


@dataclass
class _Found:
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    weights: set[str] = field(default_factory=set)
    external: set[str] = field(default_factory=set)


def read_header(data: bytes | memoryview) -> OnnxHeader:
    """The header of an ONNX model; raises ValueError for bytes that are none."""
    opset = 0
    found = _Found()
    has_graph = False
    for number, value in _fields(memoryview(data)):
        if not isinstance(value, memoryview):
            continue
        if number == _MODEL["opset_import"]:
            opset = max(opset, _default_opset(value))
        elif number == _MODEL["graph"]:
            has_graph = True
            _look_at_graph(value, found, 0)
        elif number == _MODEL["functions"]:
            _look_at_nodes(value, 7, found, 0)  # FunctionProto.node
    if not has_graph:
        raise ValueError("no graph")
    inputs = tuple(name for name in found.inputs if name not in found.weights)
    return OnnxHeader(opset, inputs, tuple(found.outputs), frozenset(found.external))


def _default_opset(entry: memoryview) -> int:
    version = 0
    domain = b""
    for number, value in _fields(entry):
        if number == 1 and isinstance(value, memoryview):
            domain = bytes(value)
        elif number == 2 and isinstance(value, int):
            version = value
    return version if domain in (b"", b"ai.onnx") else 0


def _look_at_graph(graph: memoryview, found: _Found, depth: int) -> None:
    if depth > _DEEPEST:
        raise ValueError("graphs within graphs without end")
    for number, value in _fields(graph):
        if not isinstance(value, memoryview):
            continue
        if number == _GRAPH["initializer"]:
            found.weights.add(_text_of(value, _TENSOR["name"]))
            _look_at_tensor(value, found)
        elif number == _GRAPH["sparse_initializer"]:
            for _, part in _counted(value, 1, 2):  # SparseTensorProto.values, .indices
                _look_at_tensor(part, found)
        elif number == _GRAPH["input"] and depth == 0:
            found.inputs.append(_text_of(value, 1))  # ValueInfoProto.name
        elif number == _GRAPH["output"] and depth == 0:
            found.outputs.append(_text_of(value, 1))
    _look_at_nodes(graph, _GRAPH["node"], found, depth)


def _look_at_nodes(parent: memoryview, nodes: int, found: _Found, depth: int) -> None:
    """A constant's value and an inner graph's weights may lie outside too."""
    for _, node in _counted(parent, nodes):
        for _, attribute in _counted(node, 5):  # NodeProto.attribute
            for number, part in _counted(attribute, 5, 6, 10, 11, 22, 23):
                if number in (5, 10):  # AttributeProto.t, .tensors
                    _look_at_tensor(part, found)
                elif number in (6, 11):  # .g, .graphs
                    _look_at_graph(part, found, depth + 1)
                else:  # .sparse_tensor, .sparse_tensors
                    for _, inner in _counted(part, 1, 2):
                        _look_at_tensor(inner, found)


def _look_at_tensor(tensor: memoryview, found: _Found) -> None:
    outside = False
    for number, value in _fields(tensor):
        if number == _TENSOR["data_location"] and value == 1:
            outside = True
        elif number == _TENSOR["external_data"] and isinstance(value, memoryview):
            outside = True
            if _text_of(value, 1) == "location":  # StringStringEntryProto.key, .value
                found.external.add(_text_of(value, 2))
    if outside and not found.external:
        found.external.add("")


def _text_of(message: memoryview, wanted: int) -> str:
    text = ""
    for _, value in _counted(message, wanted):
        text = bytes(value).decode("utf-8", "replace")
    return text


def _counted(data: memoryview, *wanted: int) -> Iterator[tuple[int, memoryview]]:
    for number, value in _fields(data):
        if number in wanted and isinstance(value, memoryview):
            yield number, value


def _fields(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            value, at = _varint(data, at)
            yield number, value
            continue
        if kind == _COUNTED:
            size, at = _varint(data, at)
        elif kind == _EIGHT_BYTES:
            size = 8
        elif kind == _FOUR_BYTES:
            size = 4
        else:
            raise ValueError(f"wire type {kind}")
        if number == 0 or at + size > len(data):
            raise ValueError("truncated")
        yield number, data[at : at + size]
        at += size


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            raise ValueError("truncated")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("number too long")
