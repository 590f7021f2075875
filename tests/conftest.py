"""Fixtures that every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# Set before torch, numpy or onnxruntime are imported: threads that fight for two cores are slower than one.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def repo_root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real, openly licensed images and scans that may lie beside the project; skips visibly where they do not."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"needs the folder ../shared/data beside the project ({folder.name} not found)")
    return folder


@pytest.fixture(scope="session")
def shared_parity() -> Path:
    """Numbers that the published system computes; skips visibly where they do not lie beside the project."""
    folder = ROOT.parent / "shared" / "parity"
    if not folder.is_dir():
        pytest.skip("needs the folder ../shared/parity beside the project")
    return folder


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test touches the user's own folders."""
    monkeypatch.setenv("TUNEVLSEG_HOME", str(tmp_path_factory.mktemp("home")))


@pytest.fixture(scope="session")
def tiny_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A weights folder of a tiny random CLIPSeg."""
    from tests.fakes.tiny_clipseg import write_tiny_clipseg

    return write_tiny_clipseg(tmp_path_factory.mktemp("weights") / "tiny")
