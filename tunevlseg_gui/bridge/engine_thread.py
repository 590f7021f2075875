"""EngineThread: a background thread with its own event loop; worker processes are started and heard there."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, QThread, Signal

from tunevlseg_gui.bridge.launching import engine_program
from tunevlseg_gui.bridge.run_watcher import RunWatcher
from tunevlseg_gui.bridge.service_worker import ServiceWorker


class EngineThread(QThread):
    """Owns the serving workers and the watcher of runs; all live on this thread, never on the window's.

    `service` answers what a person waits for; `errands` does what takes long, `glances` what a page looks at when it is
    shown, and `downloads` waits for the network, so that none holds up another. Each starts its process with its first
    job.

    `program` is the command that starts the engine; tests pass another.
    """

    _closing = Signal()

    def __init__(self, program: list[str] | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("engine-thread")
        command = program or engine_program()
        self.service = ServiceWorker(command)
        self.errands = ServiceWorker(command)
        self.glances = ServiceWorker(command)
        self.downloads = ServiceWorker(command)
        self.runs = RunWatcher(command)
        for inhabitant in (self.service, self.errands, self.glances, self.downloads, self.runs):
            inhabitant.moveToThread(self)
            # Blocking: the processes must be let go on the thread that owns them, before its loop ends.
            self._closing.connect(inhabitant.shut_down, Qt.ConnectionType.BlockingQueuedConnection)

    def run(self) -> None:
        self.exec()

    def shut_down(self) -> None:
        """Ends the serving workers and the thread; detached runs go on."""
        if self.isRunning():
            self._closing.emit()
            self.quit()
            self.wait(5000)
