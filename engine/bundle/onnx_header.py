"""Reads what must be known of an ONNX file before it is run, without the onnx package: a bundle may come from anyone.

ONNX files are protocol buffers: a sequence of (field number, wire type, value). Only the path
model.graph.initializer.external_data is followed; the weights themselves are stepped over.
Field numbers: onnx/onnx.proto (ModelProto 1 ir_version, 7 graph, 8 opset_import; GraphProto 5 initializer;
TensorProto 13 external_data, 14 data_location; OperatorSetIdProto 1 domain, 2 version).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_VARINT, _EIGHT_BYTES, _COUNTED, _FOUR_BYTES = 0, 1, 2, 5


@dataclass(frozen=True, slots=True)
class OnnxHeader:
    """`opset` of the default domain (0: none stated) and whether weights lie in other files."""

    opset: int
    has_external_data: bool


def read_header(data: bytes | memoryview) -> OnnxHeader:
    """The header of an ONNX model; raises ValueError for bytes that are none."""
    opset = 0
    external = False
    has_graph = False
    for number, value in _fields(memoryview(data)):
        if number == 8 and isinstance(value, memoryview):
            opset = max(opset, _default_opset(value))
        elif number == 7 and isinstance(value, memoryview):
            has_graph = True
            external = external or _graph_is_external(value)
    if not has_graph:
        raise ValueError("no graph")
    return OnnxHeader(opset, external)


def _default_opset(entry: memoryview) -> int:
    version = 0
    domain = b""
    for number, value in _fields(entry):
        if number == 1 and isinstance(value, memoryview):
            domain = bytes(value)
        elif number == 2 and isinstance(value, int):
            version = value
    return version if domain in (b"", b"ai.onnx") else 0


def _graph_is_external(graph: memoryview) -> bool:
    for number, value in _fields(graph):
        if number == 5 and isinstance(value, memoryview):
            for inner, content in _fields(value):
                if inner == 13 or (inner == 14 and content == 1):
                    return True
    return False


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
