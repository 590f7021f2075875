"""The pages of the window, in the order of the rail and of the View menu."""

from __future__ import annotations

from PySide6.QtCore import QT_TRANSLATE_NOOP

from tunevlseg_gui.translation import translate

PAGES = [
    # id, title, icon, module, class. Each is imported when it is first shown: the window opens with the first alone.
    ("start", QT_TRANSLATE_NOOP("PageList", "Start"), "home", "", ""),
    ("data", QT_TRANSLATE_NOOP("PageList", "Data"), "data", "tunevlseg_gui.pages.data.page", "DataPage"),
    ("tune", QT_TRANSLATE_NOOP("PageList", "Tune"), "tune", "tunevlseg_gui.pages.tune.page", "TunePage"),
    ("runs", QT_TRANSLATE_NOOP("PageList", "Runs"), "runs", "tunevlseg_gui.pages.runs.page", "RunsPage"),
    (
        "experiments",
        QT_TRANSLATE_NOOP("PageList", "Studies"),
        "experiments",
        "tunevlseg_gui.pages.experiments.page",
        "ExperimentsPage",
    ),
    ("segment", QT_TRANSLATE_NOOP("PageList", "Segment"), "segment", "tunevlseg_gui.pages.segment.page", "SegmentPage"),
    ("models", QT_TRANSLATE_NOOP("PageList", "Models"), "models", "tunevlseg_gui.pages.models.page", "ModelsPage"),
]


def shown_title(title: str) -> str:
    return translate("PageList", title)


def underlined(title: str) -> str:
    """The page's letter in the menu: the first one that no page before it has, as a user may type it."""
    taken: set[str] = set()
    for _, other, *_ in PAGES:
        shown = shown_title(other)
        at = next((at for at, letter in enumerate(shown.lower()) if letter.isalnum() and letter not in taken), None)
        if at is not None:
            taken.add(shown[at].lower())
        if other == title:
            return shown if at is None else f"{shown[:at]}&{shown[at:]}"
    return shown_title(title)
