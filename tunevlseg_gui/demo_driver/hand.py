"""A hand at the window: clicks, keys, waits for conditions, pictures. Every event goes through the window system."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QEventLoop, QPoint, Qt, QTimer
from PySide6.QtGui import QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QScrollArea, QWidget

from tunevlseg_gui.errors.present import Notice
from tunevlseg_gui.widgets.banner import Banner

Found = TypeVar("Found", bound=QWidget)
LOOK_MS = 40
_LEFT = Qt.MouseButton.LeftButton
_PLAIN = Qt.KeyboardModifier.NoModifier


class StepFailed(Exception):
    """A step of the road could not be done; `hint` says what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class Hand:
    """`patience` is the longest wait for one condition, in seconds; `pictures` receives the screenshots."""

    def __init__(self, window: QWidget, pictures: Path, patience: float) -> None:
        self.window = window
        self.pictures = pictures
        self.patience = patience
        self.taken: list[Path] = []
        self.longest_pause = 0.0
        self.stages: dict[str, float] = {}
        self._began = time.monotonic()

    def say(self, text: str) -> None:
        sys.stdout.write(f"[{time.monotonic() - self._began:6.1f} s] {text}\n")
        sys.stdout.flush()

    def stage(self, name: str, text: str) -> None:
        """A new part of the road begins; `stages` says at which second."""
        self.stages[name] = time.monotonic() - self._began
        self.say(text)

    def seconds(self) -> dict[str, float]:
        """Seconds that each part took; the last one until now."""
        names, starts = list(self.stages), [*self.stages.values(), time.monotonic() - self._began]
        taken = {name: after - before for name, before, after in zip(names, starts[:-1], starts[1:], strict=True)}
        return {name: round(value, 1) for name, value in taken.items()} | {"all": round(starts[-1], 1)}

    def wait(self, what: str, condition: Callable[[], bool]) -> None:
        """Lets the window live until the condition holds.

        Raises StepFailed when the window tells of an error meanwhile, or when patience ends.
        """
        loop, looks = QEventLoop(), QTimer()
        last = until = time.monotonic()
        until += self.patience
        failure: StepFailed | None = None

        def look() -> None:
            nonlocal last, failure
            now = time.monotonic()
            # How late the timer comes is how long the window could not answer.
            self.longest_pause = max(self.longest_pause, now - last - LOOK_MS / 1000)
            last = now
            try:
                done = condition()
            except StepFailed as error:
                failure, done = error, True
            if not done and (notice := self.danger()) is not None:
                failure = StepFailed(f"{what}: {notice.message}", notice.hint)
            elif not done and now > until:
                failure = StepFailed(
                    f"{what}: not within {self.patience:.0f} seconds.",
                    "Give more time with --patience, or look at the last screenshot.",
                )
            if done or failure is not None:
                loop.quit()

        looks.timeout.connect(look)
        looks.start(LOOK_MS)
        loop.exec()
        looks.stop()
        if failure is not None:
            raise failure

    def danger(self) -> Notice | None:
        """What a visible banner says went wrong."""
        for top in QApplication.topLevelWidgets():
            for banner in top.findChildren(Banner):
                if banner.isVisible() and banner.notice is not None and banner.notice.tone == "danger":
                    return banner.notice
        return None

    def find(self, kind: type[Found], name: str, within: QWidget | None = None) -> Found:
        """The visible widget of this name; raises StepFailed where there is none."""
        for found in (within or self.window).findChildren(kind, name):
            if found.isVisible():
                return found
        raise StepFailed(f"The window shows no “{name}”.", "The window and this driver differ in version.")

    def click(self, name: str, within: QWidget | None = None) -> None:
        """Waits until the widget can be pressed, then presses it where it is drawn."""
        place = within or self.window

        def ready() -> bool:
            return any(found.isVisible() and found.isEnabled() for found in place.findChildren(QWidget, name))

        self.wait(f"Waiting for the button “{name}”", ready)
        self.press(self.find(QWidget, name, place))

    def press(self, widget: QWidget, at: QPoint | None = None) -> None:
        self._bring_into_sight(widget)
        handle = widget.window().windowHandle()
        assert handle is not None
        QTest.mouseClick(handle, _LEFT, _PLAIN, widget.mapTo(widget.window(), at or widget.rect().center()))

    def type_into(self, widget: QWidget, text: str) -> None:
        """Clicks the field, selects what it holds and types over it."""
        self.press(widget)
        QTest.keyClick(widget, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        QTest.keyClicks(widget, text)

    def key(self, widget: QWidget, key: Qt.Key, times: int = 1) -> None:
        for _ in range(times):
            QTest.keyClick(widget, key)

    def picture(self, name: str) -> Path:
        """A numbered screenshot of the window, with the dialog over it where there is one."""
        # Once round the event loop, so that what was just changed is laid out and drawn.
        QApplication.sendPostedEvents()
        QApplication.processEvents()
        image = self.window.grab()
        dialog = QApplication.activeModalWidget()
        if dialog is not None and dialog is not self.window:
            painter = QPainter(image)
            painter.drawPixmap(self.window.mapFromGlobal(dialog.mapToGlobal(QPoint(0, 0))), dialog.grab())
            painter.end()
        path = self.pictures / f"{len(self.taken) + 1:02d}-{name}.png"
        if not image.save(str(path)):
            raise StepFailed(f"{path.name} could not be written.", "Is the disk full, or the folder read-only?")
        self.taken.append(path)
        return path

    def _bring_into_sight(self, widget: QWidget) -> None:
        above = widget.parentWidget()
        while above is not None:
            if isinstance(above, QScrollArea):
                above.ensureWidgetVisible(widget)
            above = above.parentWidget()
