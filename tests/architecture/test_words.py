"""Every word that the window shows passes through the translator."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from words_of import untranslatable, words_of

ROOT = Path(__file__).resolve().parents[2]
WINDOW = ROOT / "tunevlseg_gui"

KEYS = frozenset("Esc Enter Del Home End Up Down Left Right".split())
NAMES = frozenset({"TuneVLSeg Desktop", "DICOM SEG", "SNOMED CT", "Python"})
NOT_READ = {
    # file → what its words are
    "app.py": r"usage: ",  # the command line speaks English
    "opening.py": r"images masks ",  # names of folders
    "pages/data/case_filter.py": r"left out",  # a value, which the filter shows with words of its own
    "pages/tune/draft.py": r"tunevlseg tune |from engine\.",  # a command, and a program
    "viewer/surface/renderer.py": r"\nattribute |\nvarying ",  # shaders
}


def sources() -> list[Path]:
    # The demo's driver and the command lines of the window's processes speak English, as the engine's does.
    return [
        path for path in sorted(WINDOW.rglob("*.py")) if "demo_driver" not in path.parts and path.name != "__main__.py"
    ]


@pytest.mark.parametrize("path", sources(), ids=lambda path: path.relative_to(WINDOW).as_posix())
def test_words_pass_through_the_translator(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    spared = NOT_READ.get(path.relative_to(WINDOW).as_posix())
    found = [str(words) for words in words_of(source, KEYS | NAMES) if not (spared and re.match(spared, words.text))]
    assert found == []
    assert [str(words) for words in untranslatable(source)] == []


@pytest.mark.parametrize(
    "line",
    [
        'self.go.setText("Start")',
        'self.go.setToolTip("Starts the run")',
        'self.go.setText(f"{n} cases")',
        'self.go.setText(f"Case {n}")',
        'self.go.setText("3 planes")',
        'self.go.setAccessibleName("Name of the run" if one else self.tr("Names"))',
        'rows.addWidget(label("Learned words", "muted"))',
        'made = QPushButton("Cancel")',
        'made = button("Cancel", "cancel", self.stop)',
        'self.notice.emit(Notice("The run has ended.", ""))',
        'told = "Nothing to do" if done else ""',
        'return ", ".join(parts) + " and more to come"',
        'self.says = {"busy": "Engine: working"}',
        'self.menu.addAction("&Quit")',
    ],
)
def test_planted_words_are_found(line: str) -> None:
    assert list(words_of(f"class Page(QWidget):\n    def show(self):\n        {line}\n"))


@pytest.mark.parametrize(
    "line",
    [
        'self.go.setText(self.tr("Start {run}").format(run=f"{name} ({n})"))',
        'self.go.setText(translate("Page", "Starts the run"))',
        'self.go.setText(counted("Page", "{n} cases", "{n} case", n))',
        'self.go.setObjectName("Start button")',
        'raise ValueError("a bug in the program")',
        'self.size.setText(f"{n / 1e9:.1f} GB")',
        'if state == "As it is": pass',
        '"""What it shows."""',
    ],
)
def test_other_literals_are_left_alone(line: str) -> None:
    assert not list(words_of(f"class Page(QWidget):\n    def show(self):\n        {line}\n"))


@pytest.mark.parametrize(
    "source",
    [
        'def show(self):\n    return self.tr(f"{n} cases")\n',
        'TITLE = translate("Page", "Cases")\n',
        'class Page:\n    title = translate("Page", "Cases")\n',
    ],
)
def test_texts_that_cannot_be_translated_are_found(source: str) -> None:
    assert list(untranslatable(source))


def test_lupdate_finds_what_the_sources_translate(tmp_path: Path) -> None:
    """Texts that Qt's own tool does not see reach no translator, and contexts that it makes up match nothing."""
    out = tmp_path / "all.ts"
    done = subprocess.run(
        [sys.executable, ROOT / "packaging" / "translate.py", "--only-collect", out],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    contexts = ElementTree.parse(out).getroot().findall("context")
    names = {context.findtext("name") for context in contexts}
    assert {"MainWindow", "StartPage", "Menus", "Engine"} <= names
    assert [name for name in names if not name or "." in name] == []
    texts = {
        (context.findtext("name"), message.findtext("source"))
        for context in contexts
        for message in context.findall("message")
    }
    assert ("StartPage", "Recent") in texts
    assert ("PageList", "Data") in texts
    assert ("Engine", "Learning rate") in texts
    numerous = [message for context in contexts for message in context.findall("message") if message.get("numerus")]
    assert numerous, "texts with counts have plural forms"
