"""Translations: counts, what is loaded, and a made-up language in which no word of the window stays English."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, Qt, QTranslator
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QGroupBox,
    QLabel,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QTabBar,
    QTableView,
    QTreeView,
    QWidget,
)
from pytestqt.qtbot import QtBot

from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.frame.page_list import PAGES
from tunevlseg_gui.main_window import MainWindow
from tunevlseg_gui.settings.model import WindowSettings
from tunevlseg_gui.translation import counted, from_engine, load_translations

WAIT = 20_000


class Marked(QTranslator):
    """A language in which every text is its English in brackets."""

    def isEmpty(self) -> bool:
        return False

    def translate(self, context: str, text: str, disambiguation: str | None = None, n: int = -1) -> str:
        return f"⟦{text}⟧" if text.strip() else text


@pytest.fixture
def marked(qapp: QApplication) -> Iterator[None]:
    translator = Marked(qapp)
    qapp.installTranslator(translator)
    yield
    qapp.removeTranslator(translator)


@pytest.fixture
def marked_window(marked: None, qtbot: QtBot, client: EngineClient) -> Iterator[MainWindow]:
    made = MainWindow(client, WindowSettings(closing="background", notice_seen=True))
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.close()


KEYS = r"Ctrl|Shift|Alt|Esc|Enter|Return|Del|Home|End|Up|Down|Left|Right|PgUp|PgDown|Space"
NAMES = (
    r"TuneVLSeg Desktop|SNOMED CT|DICOM SEG|SHA-256|Dice|HD95|IoU|HTML|Python|CLIPSeg|CRIS|fp32|fp16|int8|CPU|NIfTI|STL"
)
UNITS = r"MB|GB|mm|ml|px|HU|epochs?"
DATA = re.compile(rf"\b(?:{KEYS}|{NAMES}|{UNITS})\b|/\S+|\S+\.(?:yaml|png|csv|json|tvprompt|safetensors)\b")


SAID_BY_ENGINE = {"QLabel problemText", "QLabel problemFix", "QLabel datasetDetails"}
"""Messages about the user's files, which the engine puts together."""
FOR_THE_MODEL = {"phraseTemplate"}
"""Combos of phrases: the models read English."""


def left_in_english(text: str) -> bool:
    """There are words outside all brackets; a letter alone is a key or a symbol."""
    before = None
    while before != text:
        before, text = text, re.sub(r"⟦[^⟦⟧]*⟧", "", text)
    return re.search(r"[A-Za-z]{2,}", DATA.sub("", text.replace("&", ""))) is not None


def texts_of(root: QWidget) -> Iterator[tuple[str, str]]:
    """Every text of the widgets below `root`, with whose it is."""
    for widget in (root, *root.findChildren(QWidget)):
        name = f"{type(widget).__name__} {widget.objectName()}"
        said: list[str] = [widget.toolTip(), widget.accessibleName(), widget.accessibleDescription()]
        said.append(widget.windowTitle())
        if isinstance(widget, QLabel | QAbstractButton):
            said.append(widget.text())
        if isinstance(widget, QGroupBox | QMenu):
            said.append(widget.title())
        if isinstance(widget, QLineEdit | QPlainTextEdit):
            said.append(widget.placeholderText())
        if isinstance(widget, QTabBar):
            said += [widget.tabText(at) for at in range(widget.count())]
            said += [widget.tabToolTip(at) for at in range(widget.count())]
        if isinstance(widget, QComboBox) and widget.objectName() not in FOR_THE_MODEL:
            said += [widget.itemText(at) for at in range(widget.count())]
        if isinstance(widget, QTableView | QTreeView) and widget.model() is not None:
            model: Any = widget.model()
            for at in range(model.columnCount(widget.rootIndex())):
                said.append(str(model.headerData(at, Qt.Orientation.Horizontal) or ""))
        for action in widget.findChildren(QAction, options=Qt.FindChildOption.FindDirectChildrenOnly):
            said += [action.text(), action.toolTip()]
        yield from ((name, text) for text in said)


def english(root: QWidget) -> list[tuple[str, str]]:
    return sorted({(name, text) for name, text in texts_of(root) if left_in_english(text)})


@pytest.mark.parametrize("page", [name for name, *_ in PAGES])
def test_every_word_of_a_page_is_translated(marked_window: MainWindow, page: str) -> None:
    marked_window.show_page(page)
    QApplication.processEvents()
    left = english(marked_window)
    assert left == [], "\n".join(map(str, left))


def test_a_plain_word_would_be_found(marked_window: MainWindow) -> None:
    QLabel("Plain words", marked_window)
    assert english(marked_window) == [("QLabel ", "Plain words")]


def test_an_open_dataset_is_shown_in_translated_words(marked_window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    folder = tmp_path / "good"
    folder.mkdir()
    marked_window.open_path(folder)
    qtbot.waitUntil(lambda: marked_window.project.ready, timeout=WAIT)
    found = marked_window.project.found
    assert found is not None
    data = {found.name, found.layout, str(folder), *(label.name for label in found.labels)}
    page = marked_window.page("data")
    left = [(name, text) for name, text in english(page) if text not in data and name not in SAID_BY_ENGINE]
    assert left == [], "\n".join(map(str, left))


@pytest.mark.parametrize(("n", "said"), [(0, "0 cases"), (1, "1 case"), (2, "2 cases"), (12_000, "12,000 cases")])
def test_english_counts_need_no_translation(qapp: QApplication, n: int, said: str) -> None:
    assert counted("Test", "{n} cases", "{n} case", n) == said


TS = """<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="pl">
<context><name>Test</name>
<message numerus="yes"><source>{n} cases</source><comment>{n} case</comment><translation>
<numerusform>{n} przypadek</numerusform><numerusform>{n} przypadki</numerusform>
<numerusform>{n} przypadków</numerusform>
</translation></message></context>
<context><name>Engine</name>
<message><source>Learning rate</source><translation>Szybkość uczenia</translation></message></context>
</TS>
"""


def test_a_translation_is_loaded_with_all_its_plural_forms(qapp: QApplication, tmp_path: Path) -> None:
    tool = next(Path(sys.executable).parent.glob("pyside6-lrelease*"), None)
    if tool is None:
        pytest.skip("needs pyside6-lrelease beside Python")
    source = tmp_path / "tunevlseg_pl.ts"
    source.write_text(TS, encoding="utf-8")
    subprocess.run([tool, "-silent", source, "-qm", source.with_suffix(".qm")], check=True)
    loaded = load_translations("pl", tmp_path)
    try:
        assert [counted("Test", "{n} cases", "{n} case", n) for n in (1, 3, 5)] == [
            "1 przypadek",
            "3 przypadki",
            "5 przypadków",
        ]
        assert from_engine("Learning rate") == "Szybkość uczenia"
        assert QCoreApplication.translate("QPlatformTheme", "Cancel") == "Anuluj"
    finally:
        for translator in loaded:
            qapp.removeTranslator(translator)


@pytest.mark.parametrize("language", ["tlh", "ar", "../../etc"])
def test_without_our_translation_nothing_is_loaded(qapp: QApplication, language: str, tmp_path: Path) -> None:
    assert load_translations(language, tmp_path) == []
    assert qapp.layoutDirection() == Qt.LayoutDirection.LeftToRight
