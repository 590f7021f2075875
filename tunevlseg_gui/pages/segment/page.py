"""The Segment page: the slice on the left, what is asked on the right. It draws; the controller decides."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from engine.contract.errors import EngineError, InputError
from engine.contract.events import JobFailed
from tunevlseg_gui.errors.present import Notice, of_error, of_failure
from tunevlseg_gui.opening import kind_of
from tunevlseg_gui.pages.segment.comparing import MaskComparer
from tunevlseg_gui.pages.segment.controller import SegmentController
from tunevlseg_gui.pages.segment.edit_bar import EditBar
from tunevlseg_gui.pages.segment.empty_stage import EmptyStage
from tunevlseg_gui.pages.segment.live import LiveAsker
from tunevlseg_gui.pages.segment.page_jobs import Client
from tunevlseg_gui.pages.segment.questions import Questions
from tunevlseg_gui.pages.segment.recovery_row import RecoveryRow
from tunevlseg_gui.pages.segment.side_panel import SidePanel
from tunevlseg_gui.pages.segment.surfaces import SurfaceMaker
from tunevlseg_gui.viewer.early_view import EarlyView
from tunevlseg_gui.viewer.habits import habits
from tunevlseg_gui.viewer.mask_overlay import Layer
from tunevlseg_gui.viewer.scan_viewer import ScanViewer
from tunevlseg_gui.widgets.banner import Banner
from tunevlseg_gui.widgets.text import label


class SegmentPage(Questions):
    """`client` has `submit(job) -> id`, `cancel(id)` and the signal `event`."""

    tune_requested = Signal(str)  # id of the base model that should be tuned
    tune_again_requested = Signal(object, object)  # Path of the dataset, Path of the run to start from or None
    scan_opened = Signal(str)  # path, once it is shown: for the list of recent things

    def __init__(self, client: Client, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("segmentPage")
        self.setAcceptDrops(True)
        self.viewer = ScanViewer()
        self.side = SidePanel()
        self.banner = Banner()
        self.status = label(role="muted", name="statusLabel")
        self.status.setMinimumWidth(1)

        self._stage = QWidget()
        self._layers = QStackedLayout(self._stage)
        self._empty = EmptyStage(self._choose_scan, self.open_scan)
        self._layers.addWidget(self._empty)
        self._layers.addWidget(self.viewer)
        self.early = EarlyView()
        self._layers.addWidget(self.early)
        left = QVBoxLayout()
        left.setSpacing(8)
        left.addWidget(self.banner)
        self.recovery_row = RecoveryRow()
        left.addWidget(self.recovery_row)
        left.addWidget(self._stage, 1)
        left.addWidget(self.status)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 14, 4, 10)
        row.setSpacing(14)
        row.addLayout(left, 1)
        row.addWidget(self.side)

        self.controller = SegmentController(client, self)
        self.edit_bar = EditBar(self.controller.editor)
        self.edit_bar.hide()
        left.insertWidget(left.indexOf(self.status), self.edit_bar)
        self.comparer = MaskComparer(client, self)
        self.live = LiveAsker(client, self)
        self.surfaces = SurfaceMaker(client, self)
        self._connect()

    def open_scan(self, path: Path | str) -> None:
        """Reads a picture or volume in the engine and shows it."""
        self.controller.opener.open(Path(path))

    def open_bundle(self, path: Path | str) -> None:
        """Adds a bundle (folder, .vlseg, or an exported run) to the models and chooses it."""
        self.controller.models.open_bundle(Path(path))

    def refresh_models(self) -> None:
        """Asks again which models there are: one may have been tuned or imported meanwhile."""
        self.controller.models.refresh()

    # what the controller shows

    def show_scan_stage(self, on: bool) -> None:
        self._layers.setCurrentWidget(self.viewer if on else self._empty)
        if on:
            self.viewer.view.setFocus()

    def _show_early(self) -> None:
        self._layers.setCurrentWidget(self.early)
        self._let_edit(False)  # the masks are those of the scan before, which is out of sight
        self.early.panes.main.setFocus()

    def _let_edit(self, on: bool) -> None:
        for widget in (self.edit_bar, self.side.answers):
            widget.setEnabled(on)
        for shortcut in self._travel:
            shortcut.setEnabled(on)

    def _early_over(self) -> None:
        self._let_edit(True)
        if self._layers.currentWidget() is self.early:
            self.show_scan_stage(self.controller.scan is not None)

    def show_problem(self, problem: EngineError | JobFailed) -> None:
        self.banner.show_notice(of_failure(problem) if isinstance(problem, JobFailed) else of_error(problem))

    def show_error(self, error: Exception) -> None:
        """What went wrong while a file was read here; nothing is under way any longer."""
        if not isinstance(error, EngineError):
            error = InputError(
                self.tr("A file could not be read: {error}.").format(error=error), hint=self.tr("Try again.")
            )
        self.show_problem(error)
        self.show_status("")

    def show_warning(self, message: str, hint: str = "") -> None:
        self.banner.show_notice(Notice(message, hint, "warning"))

    def show_status(self, text: str) -> None:
        self.status.setText(text)
        self.status.setToolTip(text)

    # events

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._empty.look_for_sample()
        self.refresh_models()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        # What this page cannot open is left to the window behind it.
        if _openable(event.mimeData()) is not None:
            event.acceptProposedAction()
        else:
            event.ignore()

    def dropEvent(self, event: QDropEvent) -> None:
        path = _openable(event.mimeData())
        if path is None:
            event.ignore()
            return
        event.acceptProposedAction()
        if kind_of(path) == "bundle":
            self.open_bundle(path)
        else:
            self.open_scan(path)

    def _connect(self) -> None:
        side, viewer, control, layers = self.side, self.viewer, self.controller, self.controller.layers
        side.open_scan_clicked.connect(self._choose_scan)
        side.open_bundle_clicked.connect(self._choose_bundle)
        side.tune_clicked.connect(self._tune)
        side.model_chosen.connect(control.models.choose)
        for deed in (side.answers.cleaning_changed, side.answers.layer_list.removed):
            deed.connect(lambda *_: self.live.stop())  # before the controller looks at the layers
        side.ask_clicked.connect(self._ask)
        side.cancel_clicked.connect(control.cancel)
        side.answers.save_clicked.connect(self._save)
        side.answers.case_clicked.connect(self._add_case)
        side.answers.tune_again_clicked.connect(self._tune_again)
        side.answers.threshold_moved.connect(layers.set_threshold)
        side.answers.opacity_moved.connect(layers.set_opacity)
        side.answers.outline_toggled.connect(layers.set_outline)
        side.answers.overlay_toggled.connect(layers.set_overlay)
        side.answers.cleaning_changed.connect(layers.cleaning_changed)
        side.answers.compare.open_clicked.connect(self._compare)
        side.answers.layer_list.toggled.connect(layers.toggled)
        side.answers.layer_list.removed.connect(layers.remove)
        viewer.changed.connect(layers.view_changed)
        self.early.begun.connect(self._show_early)
        self.early.ended.connect(self._early_over)
        viewer.prompt_wanted.connect(self._focus_prompt)
        editor = control.editor
        self.edit_bar.new_action.triggered.connect(lambda _checked=False: layers.add_empty())
        self.recovery_row.restore_clicked.connect(control.unsaved.restore)
        self.recovery_row.throw_clicked.connect(control.unsaved.throw_away)
        inside = Qt.ShortcutContext.WidgetWithChildrenShortcut
        # A text box with the focus keeps its own undo.
        self._travel = [
            QShortcut(QKeySequence(keys), self, done, context=inside)
            for keys, done in (("Ctrl+Z", editor.undo), ("Ctrl+Shift+Z", editor.redo), ("Ctrl+Y", editor.redo))
        ]
        viewer.edit_wanted.connect(editor.use_tool)
        viewer.layer_chosen.connect(self._layer_chosen)
        for key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            QShortcut(QKeySequence(key), viewer, self._enter, context=inside)
        QShortcut(QKeySequence(Qt.Key.Key_Escape), self, self._escape, context=inside)
        for keys in ("Ctrl+Return", "Ctrl+Enter"):
            QShortcut(QKeySequence(keys), self, self._ask, context=inside)

    def _choose_scan(self) -> None:
        if path := self.ask_scan_path():
            self.open_scan(path)

    def _choose_bundle(self) -> None:
        if path := self.ask_bundle_path():
            self.open_bundle(path)

    def _ask(self) -> None:
        """The whole scan."""
        self.live.stop()
        habits().remember_phrases(self.side.prompt_edit.phrases())
        self.controller.asker.ask()

    def _escape(self) -> None:
        if self.early.isVisible():
            self.controller.jobs.cancel()
        elif not self.live.stop():
            self.controller.cancel()

    def _save(self) -> None:
        self.live.stop()
        if path := self.ask_save_path():
            self.controller.saver.save(Path(path), self.ask_overwrite, self.ask_identity)

    def _enter(self) -> None:
        """In the view: takes what is proposed."""
        if self.controller.editor.preview is not None:
            self.controller.editor.take()

    def _layer_chosen(self, layer: Layer) -> None:
        self.controller.editor.choose(layer)
        self.show_status(self.tr("Mask: {phrase}").format(phrase=layer.phrase))

    def _compare(self) -> None:
        self.live.stop()
        if path := self.ask_mask_path():
            self.comparer.open(Path(path))

    def _add_case(self, ask: bool) -> None:
        folder = self.ask_dataset() if ask else ""
        if folder or not ask:
            self.controller.cases.add(folder)

    def _tune_again(self) -> None:
        if self.controller.cases.folder is not None:
            self.tune_again_requested.emit(self.controller.cases.folder, self.controller.models.tuned_run())

    def _tune(self) -> None:
        if self.side.model is not None:
            self.tune_requested.emit(self.side.model.reference)

    def _focus_prompt(self) -> None:
        self.side.prompt_edit.setFocus()
        self.side.prompt_edit.selectAll()


def _openable(data: QMimeData) -> Path | None:
    """The first scan or bundle among what is dragged."""
    for url in data.urls():
        path = Path(url.toLocalFile())
        try:
            if url.isLocalFile() and kind_of(path) in ("scan", "bundle"):
                return path
        except InputError:
            continue
    return None
