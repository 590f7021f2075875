"""The main window: rail, pages, banner, menus, status bar; it passes things between pages."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray, QTimer, QUrl, Slot
from PySide6.QtGui import (
    QAction,
    QActionGroup,
    QCloseEvent,
    QDesktopServices,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QKeySequence,
)
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QMessageBox,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

import engine
from engine.contract.errors import EngineError
from engine.contract.events import Event, JobCancelled, JobFailed, JobFinished, Progress
from engine.contract.jobs import Doctor, PrepareSamples
from engine.contract.notices import RESEARCH_ONLY
from engine.runs.folders import logs_folder, samples_folder
from engine.runs.queue import Queue
from tunevlseg_gui.bridge.background import run_task
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.errors.present import Notice, of_error, of_failure
from tunevlseg_gui.opening import SCAN_SUFFIXES, Kind, kind_of, meant_by
from tunevlseg_gui.pages.runs.run_keeper import RunKeeper
from tunevlseg_gui.pages.start.page import StartPage
from tunevlseg_gui.project import Project
from tunevlseg_gui.settings import store
from tunevlseg_gui.settings.model import WindowSettings
from tunevlseg_gui.theme.icons import icon
from tunevlseg_gui.theme.look import look
from tunevlseg_gui.viewer.habits import habits
from tunevlseg_gui.weights.network import network
from tunevlseg_gui.widgets.banner import Banner
from tunevlseg_gui.widgets.drop_veil import DropVeil
from tunevlseg_gui.widgets.rail import Rail

DEMO_SET = "liver-ct"
"""The sample set that the demo opens: what it teaches can be asked of the sample volume."""
DEMO_VOLUME = "abdomen-ct-volume"

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


class MainWindow(QMainWindow):
    """`client` may be given by tests; the window owns it either way."""

    def __init__(self, client: EngineClient | None = None, settings: WindowSettings | None = None) -> None:
        super().__init__()
        self.setObjectName("mainWindow")
        self.setWindowTitle("TuneVLSeg Desktop")
        self.setAcceptDrops(True)
        self.setMinimumSize(900, 600)
        self.settings = settings or WindowSettings()
        habits().use(self.settings.viewer)
        habits().changed.connect(self._keep_habits)
        network().use(self.settings.network)
        network().changed.connect(self._keep_network)
        self.client = client or EngineClient()
        self.keeper = RunKeeper(self.client, self.settings, self)
        self.project = Project(self)
        self.banner = Banner()
        self.rail = Rail([(name, title, picture) for name, title, picture, _, _ in PAGES])
        self.stack = QStackedWidget()
        self.stack.setObjectName("pages")
        self.start = StartPage()
        self._pages: dict[str, QWidget] = {"start": self.start}
        self.stack.addWidget(self.start)
        self._lay_out()
        self._make_menus()
        self._make_status_bar()
        self._connect()
        self._restore_geometry()
        self.veil = DropVeil(self)
        self.start.show_recent(self.settings.recent)
        self.rail.show_chosen("start")

    # -- building ------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        middle = QWidget()
        middle.setObjectName("page")
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(24, 12, 24, 0)
        row.addWidget(self.banner)
        self._banner_holder = holder
        self.banner.installEventFilter(self)
        holder.hide()
        column.addWidget(holder)
        column.addWidget(self.stack, 1)
        whole = QWidget()
        outer = QHBoxLayout(whole)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self.rail)
        outer.addWidget(middle, 1)
        self.setCentralWidget(whole)

    def _make_menus(self) -> None:
        files = self.menuBar().addMenu("&File")
        self._action(files, "Open &folder…", "actionOpenFolder", self.ask_for_folder, QKeySequence.StandardKey.Open)
        self._action(files, "Open &scan…", "actionOpenScan", self.ask_for_scan, "Ctrl+Shift+O")
        self._action(files, "Try the &demo", "actionDemo", self.try_demo)
        files.addSeparator()
        self._action(files, "&Quit", "actionQuit", self.close, QKeySequence.StandardKey.Quit)
        view = self.menuBar().addMenu("&View")
        for number, (name, title, picture, _, _) in enumerate(PAGES):
            action = self._action(
                view, _underlined(title), f"action_{name}", lambda name=name: self.show_page(name), f"Ctrl+{number}"
            )
            action.setIcon(icon(picture, "muted"))
        view.addSeparator()
        themes = view.addMenu("T&heme")
        group = QActionGroup(self)
        for choice, title in (("system", "As the &system"), ("light", "&Light"), ("dark", "&Dark")):
            action = self._action(themes, title, f"theme_{choice}", lambda choice=choice: self.use_theme(choice))
            action.setCheckable(True)
            action.setChecked(self.settings.theme == choice)
            group.addAction(action)
        more = self.menuBar().addMenu("&Help")
        self._action(more, "Open the &log folder", "actionLogs", self._open_logs)
        self._action(more, "&About", "actionAbout", self.show_about)

    def _action(self, menu: Any, text: str, name: str, done: Callable[[], Any], keys: Any = None) -> QAction:
        action = QAction(text, self)
        action.setObjectName(name)
        action.triggered.connect(lambda _checked=False: done())
        if keys is not None:
            action.setShortcut(QKeySequence(keys))
        menu.addAction(action)
        return action

    def _make_status_bar(self) -> None:
        self.device = QLabel("Device: looking…")
        self.device.setObjectName("statusDevice")
        self.work = QLabel("")
        self.work.setObjectName("statusWork")
        only = QLabel("Research use only")
        only.setObjectName("statusResearch")
        only.setToolTip(RESEARCH_ONLY)
        self.statusBar().setSizeGripEnabled(False)
        self.statusBar().addWidget(self.device)
        self.statusBar().addWidget(self.work, 1)
        self.statusBar().addPermanentWidget(only)

    def _connect(self) -> None:
        self.rail.chosen.connect(self.show_page)
        self.start.demo_wanted.connect(self.try_demo)
        self.start.folder_wanted.connect(self.ask_for_folder)
        self.start.scan_wanted.connect(self.ask_for_scan)
        self.start.recent_wanted.connect(lambda path: self.open_path(Path(path)))
        self.start.unsaved_wanted.connect(lambda path: self.open_path(Path(path)))
        self.client.worker_state.connect(self._worker_changed)
        self.client.event.connect(self._progressed)
        self.keeper.found.connect(self._running_found)
        self.keeper.queue_found.connect(self._queue_found)
        self.keeper.close_wanted.connect(self.close)
        self.keeper.settings_changed.connect(lambda: store.save(self.settings))

    def begin(self, given: list[Path]) -> None:
        """After the first paint: starts the worker, asks for the device, opens what was given, finds running runs."""
        self.client.warm_up()
        self.client.submit(Doctor(), self._doctor_said)
        if not self.settings.notice_seen:
            self.settings.notice_seen = True
            self.show_notice(
                Notice(RESEARCH_ONLY, "Everything stays on this computer: nothing is sent anywhere.", "note")
            )
        for path in given:
            self.open_path(path)
        QTimer.singleShot(300, lambda: self.keeper.watch(announce=not given))
        if not given:
            QTimer.singleShot(300, self._find_unsaved)

    # -- pages ---------------------------------------------------------------------------------------------------

    def page(self, name: str) -> QWidget:
        """The page, imported and made on first use."""
        if name not in self._pages:
            module, cls = next((module, cls) for known, _, _, module, cls in PAGES if known == name)
            made = self._make_page(name, getattr(importlib.import_module(module), cls))
            self._pages[name] = made
            self.stack.addWidget(made)
        return self._pages[name]

    def _make_page(self, name: str, cls: type[Any]) -> QWidget:
        made: QWidget
        if name == "segment":
            made = cls(self.client, self)
        elif name in ("data", "tune"):
            made = cls(self.client, self.project)
        else:
            made = cls(self.client)
        if hasattr(made, "notice"):
            made.notice.connect(self.show_notice)
        if hasattr(made, "use_settings"):
            made.use_settings(self.settings)
        wishes = {
            "tune_wanted": self._tune_dataset,
            "data_wanted": lambda: self.show_page("data"),
            "folder_wanted": self.ask_for_folder,
            "run_started": self._run_started,
            "run_wanted": self._run_started,
            "search_wanted": self._search_recipe,
            "labels_wanted": self._plan_labels,
            "bundle_wanted": self._open_bundle,
            "tune_requested": self._tune_model,
            "tune_again_requested": self._tune_again,
            "recipe_wanted": lambda path: self.open_path(Path(path)),
            "settings_changed": lambda: store.save(self.settings),
            "scan_opened": lambda path: self._remember(Path(path), "scan"),
        }
        for signal, done in wishes.items():
            if hasattr(made, signal):
                getattr(made, signal).connect(done)
        return made

    @Slot(str)
    def show_page(self, name: str) -> None:
        shown = self.page(name)
        if shown is not self.stack.currentWidget():
            self.banner.hide()  # a message belongs to the page that it was about
        self.stack.setCurrentWidget(shown)
        self.rail.show_chosen(name)
        if hasattr(shown, "came_to_front"):
            shown.came_to_front()

    # -- opening -------------------------------------------------------------------------------------------------

    def ask_for_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Open a folder: a dataset, a run or a bundle")
        if chosen:
            self.open_path(Path(chosen))

    def ask_for_scan(self) -> None:
        known = " ".join(f"*{suffix}" for suffix in SCAN_SUFFIXES)
        chosen, _ = QFileDialog.getOpenFileName(
            self, "Open a scan", "", f"Pictures and volumes ({known});;All files (*)"
        )
        if chosen:
            self.open_path(Path(chosen))

    def open_path(self, path: Path) -> None:
        """A dataset, run, bundle, recipe or scan, wherever it came from; a path of no use is told in the banner."""
        path = path.expanduser().absolute()
        try:
            kind = kind_of(path)
        except EngineError as error:
            self.show_notice(of_error(error))
            return
        if kind == "dataset" and path.is_file():
            path = path.parent
        self._open_as(kind, path)
        if kind not in ("recipe", "labels", "pack", "weights"):
            self._remember(path, kind)

    def open_dropped(self, paths: list[Path]) -> None:
        """What was dropped together: one thing, or the files of one DICOM series."""
        try:
            path = meant_by(paths)
        except EngineError as error:
            self.show_notice(of_error(error))
        else:
            self.open_path(path)

    def _open_as(self, kind: Kind, path: Path) -> None:
        homes = {
            "dataset": "data",
            "labels": "data",
            "run": "runs",
            "pack": "runs",
            "recipe": "tune",
            "weights": "models",
        }
        if kind == "weights" and self.stack.currentWidget() is self._pages.get("tune"):
            homes["weights"] = "tune"  # where a model is being chosen
        page: Any = self.page(homes.get(kind, "segment"))
        self.banner.hide()
        if kind == "dataset":
            self.show_page("data")
            page.open_folder(path)
        elif kind == "labels":
            self.show_page("data")
            page.import_labels(path)
        elif kind == "run":
            self.show_page("runs")
            page.open_run(path)
        elif kind == "pack":
            self.show_page("runs")
            page.import_pack(path)
        elif kind == "weights":
            self.show_page(homes["weights"])
            page.import_weights(path)
        elif kind == "recipe":
            self.show_page("tune")
            page.open_recipe(path)
        else:
            self.show_page("segment")
            (page.open_bundle if kind == "bundle" else page.open_scan)(path)

    def _open_bundle(self, path: Path) -> None:
        self.open_path(Path(path))

    def _remember(self, path: Path, kind: str) -> None:
        # A scan's own name may hold a patient's: only its kind and place are kept, which the user sees anyway.
        self.settings.remember(str(path), kind, path.name)
        self.start.show_recent(self.settings.recent)
        store.save(self.settings)

    def _tune_dataset(self) -> None:
        page: Any = self.page("tune")
        page.begin()
        self.show_page("tune")

    @Slot(str)
    def _tune_model(self, weights: str) -> None:
        """From the Segment page: the base model in use is to be tuned."""
        page: Any = self.page("tune")
        page.prefer(weights)
        page.begin()
        self.show_page("tune")

    @Slot(object, object)
    def _tune_again(self, dataset: Path, run: Path | None) -> None:
        """From the Segment page: corrected masks are to be learnt, from where the last run ended."""
        self.open_path(dataset)
        page: Any = self.page("tune")
        if run is not None:
            page.start_from(run)
        page.begin()
        self.show_page("tune")

    @Slot(object)
    def _search_recipe(self, recipe: Path) -> None:
        """From the Tune or the Runs page: many runs of this recipe in place of one."""
        page: Any = self.page("experiments")
        self.show_page("experiments")
        page.search(recipe)

    @Slot(object)
    def _plan_labels(self, recipe: Path) -> None:
        page: Any = self.page("experiments")
        self.show_page("experiments")
        page.plan_labels(recipe)

    @Slot(object)
    def _run_started(self, run: Path) -> None:
        page: Any = self.page("runs")
        self.show_page("runs")
        page.open_run(run)

    # -- demo and running runs -----------------------------------------------------------------------------------

    def try_demo(self) -> None:
        """Draws the samples where they are missing, then opens the demo's set."""
        self.show_page("start")
        self.start.show_demo_progress("Drawing the sample images…")
        self.client.submit(PrepareSamples(str(samples_folder()), [DEMO_SET, DEMO_VOLUME]), self._samples_event)

    def _samples_event(self, event: Event) -> None:
        match event:
            case Progress(done=done, total=total, stage=stage):
                self.start.show_demo_progress(f"{stage or 'Drawing the sample images'}: {done:.0f} of {total:.0f}")
            case JobFailed() as failure:
                self.start.show_demo_progress("")
                self.show_notice(of_failure(failure))
            case JobCancelled():
                self.start.show_demo_progress("")
            case JobFinished(result=result):
                self.start.show_demo_progress("")
                sets = result.get("sets") or []
                if sets:
                    chosen = next((found for found in sets if found.get("id") == DEMO_SET), sets[0])
                    self.open_path(Path(str(chosen["folder"])))

    def _running_found(self, run: Path) -> None:
        """A run that goes on since an earlier window, or was started elsewhere."""
        found = Notice(
            self.tr("{run} is still running.").format(run=run.name), self.tr("You find its curves under Runs.")
        )
        self.show_notice(found)
        page: Any = self.page("runs")
        page.open_run(run)

    def _queue_found(self, queue: Queue) -> None:
        """Runs that wait, in a queue that was held when a window was closed."""
        waiting = self.tr("The queue is held; runs that wait: {count}.").format(count=len(queue.waiting))
        self.show_notice(Notice(waiting, self.tr("Let it go on, or change it, under Runs.")))

    def _find_unsaved(self) -> None:
        """Edits of masks that an earlier window did not save."""
        scans = [Path(recent.path) for recent in self.settings.recent if recent.kind == "scan"]

        def look() -> list[Path]:
            from tunevlseg_gui.pages.segment.recovery import unsaved_among

            return unsaved_among(scans)

        if scans:
            run_task(self, look, self.start.show_unsaved)

    # -- notices -------------------------------------------------------------------------------------------------

    @Slot(object)
    def show_notice(self, notice: Notice | None) -> None:
        """Shows a message across the top; None takes it away."""
        if notice is None:
            self.banner.hide()
        else:
            self.banner.show_notice(notice)

    def show_bug(self, crash_file: Path | None, line: str) -> None:
        where = f"The details are in {crash_file}." if crash_file else "The details could not be written."
        self.show_notice(Notice("A bug in the window. Your files and runs are as they were.", where, "danger", line))

    @Slot(str)
    def _worker_changed(self, state: str) -> None:
        words = {
            "starting": "Engine: starting…",
            "busy": "Engine: working…",
            "lost": "Engine: restarts on the next job",
        }
        self.work.setText(words.get(state, ""))

    @Slot(object)
    def _progressed(self, event: Event) -> None:
        if isinstance(event, Progress) and event.total:
            left = f", {event.eta:.0f} s left" if event.eta and event.eta >= 1 else ""
            self.work.setText(
                f"Engine: {event.stage or 'working'} {event.done:.0f} of {event.total:.0f} {event.unit}{left}"
            )

    def _doctor_said(self, event: Event) -> None:
        match event:
            case JobFinished(result=result):
                facts = result.get("facts") or {}
                name = facts.get("tuning runs on") or ("CPU" if facts else "not known")
                self.device.setText(f"Device: {'CPU' if name == 'cpu' else name}")
                self.device.setToolTip("\n".join(f"{key}: {value}" for key, value in facts.items()))
                wrong = [item for item in result.get("problems") or [] if item.get("severity") == "error"]
                if wrong:
                    self.show_notice(Notice(str(wrong[0]["message"]), str(wrong[0].get("fix", "")), "warning"))
            case JobFailed():
                self.device.setText("Device: not known")

    # -- the rest ------------------------------------------------------------------------------------------------

    def use_theme(self, choice: str) -> None:
        self.settings.theme = choice
        look().use(choice if choice in ("light", "dark") else "system")  # type: ignore[arg-type]
        store.save(self.settings)

    def _keep_habits(self) -> None:
        """How scans are looked at was changed somewhere: a key, the right button, the orientation."""
        self.settings.viewer = habits().settings
        store.save(self.settings)

    def _keep_network(self) -> None:
        self.settings.network = network().to_keep()
        store.save(self.settings)

    def show_about(self) -> None:
        box = QMessageBox(self)
        box.setObjectName("aboutBox")
        box.setWindowTitle("About TuneVLSeg Desktop")
        box.setText(f"TuneVLSeg Desktop {engine.__version__}")
        box.setInformativeText(
            f"{RESEARCH_ONLY}\n\nTunes vision-language segmentation models by prompts and asks them for structures by "
            "name. Everything stays on this computer: no network, no telemetry.\n\nLicence: Apache-2.0."
        )
        box.setIconPixmap(self.windowIcon().pixmap(64, 64))
        box.open()

    def _open_logs(self) -> None:
        logs_folder().mkdir(parents=True, exist_ok=True)
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(logs_folder())))

    def _restore_geometry(self) -> None:
        self.resize(1280, 820)
        if self.settings.geometry:
            self.restoreGeometry(QByteArray.fromBase64(self.settings.geometry.encode()))

    def eventFilter(self, watched: Any, event: Any) -> bool:
        # The banner's frame of margins comes and goes with it.
        if watched is self.banner and event.type() in (event.Type.ShowToParent, event.Type.HideToParent):
            self._banner_holder.setVisible(event.type() == event.Type.ShowToParent)
        return super().eventFilter(watched, event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        paths = _local(event)
        if paths:
            event.acceptProposedAction()
            self.veil.show_for(paths)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.veil.hide()
        super().dragLeaveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self.veil.hide()
        paths = _local(event)
        if paths:
            self.open_dropped(paths)

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self.keeper.may_close():
            event.ignore()
            return
        self.settings.geometry = bytes(self.saveGeometry().toBase64().data()).decode()
        store.save(self.settings)
        if "data" in self._pages:
            data: Any = self._pages["data"]
            data.keep_edits()
        self.shut_down()
        super().closeEvent(event)

    def shut_down(self) -> None:
        """Ends the serving worker; runs go on in theirs."""
        self.client.close()


def _underlined(title: str) -> str:
    """The page's letter in the menu: its first one that no page before it has, as a user may type it."""
    taken: set[str] = set()
    for _, other, *_ in PAGES:
        letter = next(letter for letter in other.lower() if letter not in taken)
        taken.add(letter)
        if other == title:
            at = title.lower().index(letter)
            return f"{title[:at]}&{title[at:]}"
    return title


def _local(event: QDropEvent) -> list[Path]:
    """Files and folders of a drag; links to elsewhere are none."""
    return [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
