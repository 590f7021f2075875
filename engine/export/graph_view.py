"""Who makes and who takes each value of a graph: what a rewriting of it must know."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper


class GraphView:
    """A graph that is rewritten node by node; `finish` writes it back."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        self.graph = graph
        self.nodes: list[onnx.NodeProto] = list(graph.node)
        self._weights = {tensor.name: tensor for tensor in graph.initializer}
        self._outputs = {value.name for value in graph.output}
        self._look()

    def _look(self) -> None:
        self._makers = {name: node for node in self.nodes for name in node.output}
        self._takers: defaultdict[str, list[onnx.NodeProto]] = defaultdict(list)
        for node in self.nodes:
            for name in node.input:
                self._takers[name].append(node)

    def maker(self, name: str, kind: str) -> onnx.NodeProto | None:
        """The node of this kind that makes the value, where nothing else but one node takes it."""
        node = self._makers.get(name)
        if node is None or node.op_type != kind or name in self._outputs or len(self._takers[name]) != 1:
            return None
        return node

    def takers(self, name: str) -> list[onnx.NodeProto]:
        """The nodes that take the value; empty for an output of the graph, which others take, too."""
        return [] if name in self._outputs else self._takers[name]

    def weights(self, name: str, axes: int) -> NDArray[Any] | None:
        """A constant of the graph with so many axes, else None."""
        tensor = self._weights.get(name)
        return None if tensor is None or len(tensor.dims) != axes else numpy_helper.to_array(tensor)

    def constant(self, name: str, value: NDArray[Any]) -> str:
        """Adds a constant; returns its name."""
        tensor = numpy_helper.from_array(np.ascontiguousarray(value), name)
        self.graph.initializer.append(tensor)
        self._weights[name] = tensor
        return name

    def linear(self, name: str) -> tuple[onnx.NodeProto, onnx.NodeProto] | None:
        """The product with a table of weights and the sum with a bias that make the value `name`, in this order."""
        total = self._makers.get(name)
        if total is None or total.op_type != "Add" or self.weights(total.input[1], 1) is None:
            return None
        product = self.maker(total.input[0], "MatMul")
        return None if product is None or self.weights(product.input[1], 2) is None else (product, total)

    def replace(self, old: Sequence[onnx.NodeProto], new: Iterable[onnx.NodeProto]) -> None:
        """`new` nodes in the place of the last of the `old` ones, whose outputs they make."""
        last = max(index for index, node in enumerate(self.nodes) if any(node is one for one in old))
        kept = [(index, node) for index, node in enumerate(self.nodes) if all(node is not one for one in old)]
        before = [node for index, node in kept if index < last]
        self.nodes = [*before, *new, *(node for index, node in kept if index > last)]
        self._look()

    def finish(self) -> None:
        """Writes the nodes back, and leaves out weights that none of them takes any more."""
        nodes = [onnx.NodeProto.FromString(node.SerializeToString()) for node in self.nodes]
        del self.graph.node[:]
        self.graph.node.extend(nodes)
        used = {name for node in nodes for name in node.input} | self._outputs
        kept = [tensor for tensor in self.graph.initializer if tensor.name in used]
        del self.graph.initializer[:]
        self.graph.initializer.extend(kept)


def node(kind: str, inputs: Sequence[str], output: str, **attributes: Any) -> onnx.NodeProto:
    """A node with one output."""
    return helper.make_node(kind, list(inputs), [output], **attributes)
