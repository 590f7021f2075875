"""What a cluster has room for, from what its nodes say of themselves."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from engine.runs.cluster import Machines


def machines(*resources: dict[str, float], cpus: float = 1, gpus: float = 0) -> Machines:
    nodes = [{"Alive": True, "Resources": found} for found in resources]
    lost = {"Alive": False, "Resources": {"CPU": 64.0, "GPU": 8.0}}
    return Machines.of(SimpleNamespace(nodes=lambda: [*nodes, lost]), cpus, gpus)


@pytest.mark.parametrize(
    ("share", "places"), [(1, 1), (0.5, 2), (0.34, 2), (0.3, 3), (0.25, 4), (0.2, 5), (0.1, 10), (0.05, 20)]
)
def test_a_gpu_has_room_for_as_many_shares_as_fit(share: float, places: int) -> None:
    assert machines({"CPU": 64.0, "GPU": 1.0}, gpus=share).places == places
    assert machines({"CPU": 64.0, "GPU": 2.0}, gpus=share).places == 2 * places


def test_cores_may_be_fewer_than_shares() -> None:
    assert machines({"CPU": 3.0, "GPU": 1.0}, {"CPU": 8.0}, gpus=0.1).places == 3


def test_a_head_without_cores_is_no_machine_that_computes() -> None:
    """As it is often started: it only keeps the cluster together."""
    found = machines({"CPU": 16.0}, {}, {"CPU": 8.0}, {"CPU": 0.0}, cpus=4)
    assert (found.count, found.least_cpus, found.places) == (2, 8, 6)
    assert machines({}) == Machines(0, 0, 0)
