"""Tracked files name no machine path, no package index and no account: they must work anywhere."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = {".py", ".toml", ".md", ".txt", ".yaml", ".yml", ".json", ".cfg", ".desktop", ".sh", ".svg", ".qss", ""}
SUSPECT = {
    "a path of one machine": re.compile(r"(?<![\w.<{])/(?:home|root|Users|work|mnt|opt|workspace)/[\w.-]+"),
    "a package index": re.compile(r"https?://[^\s\"')]*(?:pypi\.|/simple\b|download\.pytorch|conda\.)", re.IGNORECASE),
    "a key": re.compile(r"(?:hf_|ghp_|sk-|AKIA)[A-Za-z0-9]{20,}"),
}
THIS = Path(__file__).relative_to(ROOT).as_posix()


def tracked() -> list[str]:
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip("needs a git checkout")
    return [name for name in done.stdout.split("\0") if name and Path(name).suffix in TEXT and name != THIS]


def test_tracked_files_name_nothing_private() -> None:
    found = []
    for name in tracked():
        path = ROOT / name
        if not path.is_file() or path.stat().st_size > 2_000_000:
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            found += [
                f"{name}:{number} {what}: {match.group()}" for what, p in SUSPECT.items() if (match := p.search(line))
            ]
    assert found == []


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ('DATA = "/home/somebody/data"', "a path of one machine"),
        ("--index-url https://download.pytorch.org/whl/cpu", "a package index"),
        ("token = hf_abcdefghijklmnopqrstuvwx", "a key"),
    ],
)
def test_the_patterns_find_what_they_are_for(line: str, what: str) -> None:
    assert SUSPECT[what].search(line)


def test_entry_points_lead_somewhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for target in [*project["scripts"].values(), *project["gui-scripts"].values()]:
        module, _, function = target.partition(":")
        source = ROOT / (module.replace(".", "/") + ".py")
        assert re.search(rf"^def {function}\(|^from .* import .*\b{function}\b", source.read_text(), re.MULTILINE), (
            target
        )
