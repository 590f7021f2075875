"""The pages of the window, in the order of the rail and of the View menu."""

from __future__ import annotations

PAGES = [
    # id, title, icon, module, class. Each is imported when it is first shown: the window opens with the first alone.
    ("start", "Start", "home", "", ""),
    ("data", "Data", "data", "tunevlseg_gui.pages.data.page", "DataPage"),
    ("tune", "Tune", "tune", "tunevlseg_gui.pages.tune.page", "TunePage"),
    ("runs", "Runs", "runs", "tunevlseg_gui.pages.runs.page", "RunsPage"),
    ("experiments", "Studies", "experiments", "tunevlseg_gui.pages.experiments.page", "ExperimentsPage"),
    ("segment", "Segment", "segment", "tunevlseg_gui.pages.segment.page", "SegmentPage"),
    ("models", "Models", "models", "tunevlseg_gui.pages.models.page", "ModelsPage"),
]


def underlined(title: str) -> str:
    """The page's letter in the menu: its first one that no page before it has, as a user may type it."""
    taken: set[str] = set()
    for _, other, *_ in PAGES:
        letter = next(letter for letter in other.lower() if letter not in taken)
        taken.add(letter)
        if other == title:
            at = title.lower().index(letter)
            return f"{title[:at]}&{title[at:]}"
    return title
