"""The drawing process as the window has it: started when it is needed, one picture at a time, gone when it crashes."""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import (
    QCoreApplication,
    QElapsedTimer,
    QObject,
    QProcess,
    QProcessEnvironment,
    QTemporaryDir,
    QTimer,
    Signal,
)
from PySide6.QtGui import QImage

from engine.runs.detached import engine_environment
from tunevlseg_gui.viewer.surface import FLAG

PATIENCE_MS = 20_000
SLOW_MS = 40


def program() -> list[str]:
    if getattr(sys, "frozen", False):
        return [sys.executable, FLAG]
    return [sys.executable, "-m", "tunevlseg_gui.viewer.surface.renderer"]


class DrawingProcess(QObject):
    """`draw` asks for a picture; while one is made only the newest wish is kept, so that a slow machine never lags."""

    ready = Signal(str)  # what draws, as OpenGL calls it
    drawn = Signal(QImage)
    lost = Signal(str)  # why nothing can be drawn, in words

    def __init__(self, parent: QObject | None = None, command: list[str] | None = None) -> None:
        super().__init__(parent)
        self._command = command or program()
        self._process: QProcess | None = None
        self._folder: QTemporaryDir | None = None
        self._is_ready = False
        self._number = 0
        self._waits: dict[str, Any] | None = None  # for the picture that is being made
        self._next: dict[str, Any] | None = None
        self._surfaces: list[dict[str, Any]] = []
        self._clock = QElapsedTimer()
        self.is_slow = False
        """The last fine picture took longer than a hand that turns it should wait."""
        application = QCoreApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(self.close)
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(PATIENCE_MS)
        self._patience.timeout.connect(lambda: self._end(self.tr("it does not answer")))

    @property
    def runs(self) -> bool:
        return self._process is not None

    def start(self) -> None:
        """`ready` or `lost` follows."""
        if self._process is not None:
            return
        self._folder = QTemporaryDir()
        self._is_ready = False
        made = QProcess(self)
        environment = QProcessEnvironment()
        for name, value in engine_environment().items():
            environment.insert(name, value)
        made.setProcessEnvironment(environment)
        made.setStandardErrorFile(QProcess.nullDevice())
        made.readyReadStandardOutput.connect(self._read)
        # A method, not a lambda: nothing is heard once this object is going, which ends the process.
        made.finished.connect(self._finished)
        made.errorOccurred.connect(self._failed)
        self._process = made
        self._patience.start()
        made.start(self._command[0], self._command[1:])

    def show(self, surfaces: list[dict[str, Any]]) -> None:
        """Files and `colour` (0 to 255) of each surface, from the next picture on."""
        self._surfaces = surfaces
        if self._is_ready:
            self._send({"surfaces": surfaces})

    def draw(self, wish: dict[str, Any]) -> None:
        """`matrix`, `turn`, `width`, `height`, `background`, `samples`, see renderer.py."""
        if self._waits is not None or not self._is_ready:
            self._next = wish
            return
        assert self._folder is not None
        self._number += 1
        # Two files in turns: one can be read while the other is written.
        self._waits = {**wish, "frame": self._number, "file": self._folder.filePath(f"{self._number % 2}.raw")}
        self._patience.start()
        self._clock.start()
        self._send(self._waits)

    def close(self) -> None:
        """Ends the process; nothing is told."""
        process, self._process = self._process, None
        self._is_ready, self._waits, self._next = False, None, None
        self._patience.stop()
        if process is not None:
            process.blockSignals(True)
            process.closeWriteChannel()
            process.kill()
            process.waitForFinished(500)
            process.deleteLater()
        self._folder = None

    def _send(self, said: dict[str, Any]) -> None:
        if self._process is not None:
            self._process.write((json.dumps(said) + "\n").encode())

    def _read(self) -> None:
        while self._process is not None and self._process.canReadLine():
            with contextlib.suppress(ValueError):
                self._heard(json.loads(bytes(self._process.readLine().data())))

    def _heard(self, said: dict[str, Any]) -> None:
        if "problem" in said:
            self._end(str(said["problem"]))
        elif "ready" in said:
            self._patience.stop()
            self._is_ready = True
            self._send({"surfaces": self._surfaces})
            self.ready.emit(str(said["ready"]))
            self._go_on()
        elif "failed" in said:
            self._waits = None
            self._patience.stop()
            self._go_on()
        elif self._waits is not None and said.get("frame") == self._waits["frame"]:
            made, self._waits = self._waits, None
            self._patience.stop()
            if made["samples"]:
                self.is_slow = self._clock.elapsed() > SLOW_MS
            self._show(Path(made["file"]), int(made["width"]), int(made["height"]))
            self._go_on()

    def _go_on(self) -> None:
        if self._next is not None:
            wish, self._next = self._next, None
            self.draw(wish)

    def _show(self, file: Path, width: int, height: int) -> None:
        try:
            pixels = np.fromfile(file, np.uint32)
        except OSError:
            return
        if pixels.size == width * height:
            self.drawn.emit(QImage(pixels.data, width, height, width * 4, QImage.Format.Format_RGB32).copy())

    def _finished(self, code: int, _status: QProcess.ExitStatus) -> None:
        self._end(self.tr("its process ended ({code})").format(code=code))

    def _failed(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._end(self.tr("its process cannot be started"))

    def _end(self, why: str) -> None:
        if self._process is not None:
            self.close()
            self.lost.emit(why)
