"""Below the grid: what can be done with the cases that are chosen."""

from __future__ import annotations

from PySide6.QtCore import QT_TRANSLATE_NOOP, Signal
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from tunevlseg_gui.translation import translate
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.flow_layout import FlowLayout
from tunevlseg_gui.widgets.text import label

MOVES = (
    ("train", QT_TRANSLATE_NOOP("SelectionBar", "Train"), "1"),
    ("val", QT_TRANSLATE_NOOP("SelectionBar", "Validation"), "2"),
    ("test", QT_TRANSLATE_NOOP("SelectionBar", "Test"), "3"),
)


def said_move(title: str) -> str:
    return translate("SelectionBar", title)


def said_moves() -> list[tuple[str, str, str]]:
    """Splits with their titles in the user's language, and keys."""
    return [(split, said_move(title), key) for split, title, key in MOVES]


class SelectionBar(QWidget):
    move_wanted = Signal(str)  # split
    save_wanted = Signal()
    masks_wanted = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.told = label("", "muted", wrap=True, name="moveText")
        self.masks = QCheckBox(self.tr("Masks"))
        self.masks.setObjectName("showMasks")
        self.masks.setToolTip(self.tr("Shows the labels over the images"))
        self.masks.setChecked(True)
        self.masks.toggled.connect(self.masks_wanted)
        self.moves = {
            split: button(
                title,
                f"moveTo_{split}",
                lambda split=split: self.move_wanted.emit(split),
                tip=self.tr("{title} (key {key})").format(title=title, key=key),
            )
            for split, title, key in said_moves()
        }
        for split, title, _ in said_moves():
            self.moves[split].setAccessibleName(
                self.tr("Move the selected cases to {title}").format(title=title.lower())
            )
        self.save = button(self.tr("Save split…"), "saveSplit", self.save_wanted.emit)
        self.save.setToolTip(self.tr("Writes splits and labels into a dataset.yaml; no file is moved"))
        row = FlowLayout()
        row.addWidget(self.masks)
        self._to = label(self.tr("Move to"), "muted")
        row.addWidget(self._to)
        for made in self.moves.values():
            row.addWidget(made)
        row.addWidget(self.save)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(4)
        rows.addLayout(row)
        rows.addWidget(self.told)
        self.tell("")

    def allow(self, *, chosen: bool, movable: bool) -> None:
        """`movable`: the dataset's cases can be moved at all."""
        for made in self.moves.values():
            made.setEnabled(movable and chosen)
        self.save.setEnabled(movable)

    def tell(self, text: str) -> None:
        """What the last move did; an empty text takes it away."""
        self.told.setText(text)
        self.told.setVisible(bool(text))
