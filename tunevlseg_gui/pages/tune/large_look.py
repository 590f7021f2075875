"""One image of the quick look large; the arrow keys step through the others, Esc closes."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QImageReader, QShortcut
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.picture import Picture
from tunevlseg_gui.widgets.text import label


class LargeLook(QDialog):
    """`images`: path and words of each; `first` is shown."""

    def __init__(self, images: list[tuple[str, str]], first: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("largeLook")
        self.setWindowTitle(self.tr("Quick look"))
        self.resize(960, 560)
        self._images = images
        self.at = first
        self.picture = Picture()
        self.picture.setObjectName("largeLookPicture")
        self.picture.setAccessibleName(self.tr("Truth at the left, answer at the right"))
        self.picture.setMinimumHeight(240)
        self.words = label("", "heading", wrap=True, name="largeLookWords")
        self.previous = button(
            "", "largeLookPrevious", lambda: self.step(-1), picture="back", tip=self.tr("Previous (←)")
        )
        self.next = button("", "largeLookNext", lambda: self.step(1), picture="next", tip=self.tr("Next (→)"))
        foot = QHBoxLayout()
        foot.addWidget(self.words, 1)
        foot.addWidget(self.previous)
        foot.addWidget(self.next)
        foot.addWidget(button(self.tr("Close"), "largeLookClose", self.reject))
        rows = QVBoxLayout(self)
        rows.setContentsMargins(18, 18, 18, 14)
        rows.setSpacing(10)
        rows.addWidget(self.picture, 1)
        rows.addLayout(foot)
        # Shortcuts: the button that has the keyboard would take the arrows for a way to the next one.
        for key, images in ((Qt.Key.Key_Left, -1), (Qt.Key.Key_Right, 1)):
            QShortcut(key, self).activated.connect(lambda images=images: self.step(images))
        self.step(0)

    def step(self, images: int) -> None:
        self.at = min(max(self.at + images, 0), len(self._images) - 1)
        path, words = self._images[self.at]
        self.words.setText(f"{self.at + 1} / {len(self._images)}   {words}")
        self.picture.setAccessibleDescription(words)
        self.previous.setEnabled(self.at > 0)
        self.next.setEnabled(self.at + 1 < len(self._images))
        wanted = self.at
        run_task(self, lambda: QImageReader(path).read(), lambda image: self._take(wanted, image))

    def _take(self, number: int, image: QImage) -> None:
        if number == self.at:
            self.picture.show_image(image)
