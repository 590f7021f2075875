"""The main window: rail, banner, pages and status bar, put together; what they do lies in `frame`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray, Slot
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from engine.contract.notices import RESEARCH_ONLY
from tunevlseg_gui.bridge.client import EngineClient
from tunevlseg_gui.errors.present import Notice
from tunevlseg_gui.frame.demo import Demo
from tunevlseg_gui.frame.dropping import DropTarget
from tunevlseg_gui.frame.earlier_work import EarlierWork
from tunevlseg_gui.frame.menus import Commands, fill_menus
from tunevlseg_gui.frame.notice_area import NoticeArea
from tunevlseg_gui.frame.opener import Opener
from tunevlseg_gui.frame.page_list import PAGES, shown_title
from tunevlseg_gui.frame.page_stack import PageStack
from tunevlseg_gui.frame.passages import Passages
from tunevlseg_gui.frame.run_news import RunNews
from tunevlseg_gui.frame.status_line import StatusLine
from tunevlseg_gui.pages.runs.run_keeper import RunKeeper
from tunevlseg_gui.pages.start.page import StartPage
from tunevlseg_gui.project import Project
from tunevlseg_gui.settings import store
from tunevlseg_gui.settings.model import WindowSettings
from tunevlseg_gui.theme.look import look
from tunevlseg_gui.translation import from_engine
from tunevlseg_gui.viewer.habits import habits
from tunevlseg_gui.weights.network import network
from tunevlseg_gui.widgets.rail import Rail


class MainWindow(DropTarget):
    """`client` may be given by tests; the window owns it either way."""

    def __init__(self, client: EngineClient | None = None, settings: WindowSettings | None = None) -> None:
        super().__init__()
        self.setObjectName("mainWindow")
        self.setWindowTitle("TuneVLSeg Desktop")
        self.setMinimumSize(900, 600)
        self.settings = settings or WindowSettings()
        habits().use(self.settings.viewer)
        habits().changed.connect(self._keep_habits)
        network().use(self.settings.network)
        network().changed.connect(self._keep_network)
        self.client = client or EngineClient()
        self.keeper = RunKeeper(self.client, self.settings, self)
        self.project = Project(self)
        self.notices = NoticeArea()
        self.banner = self.notices.banner
        self.rail = Rail([(name, shown_title(title), picture) for name, title, picture, _, _ in PAGES])
        self.start = StartPage()
        self.stack = PageStack(self.start, self._make_page)
        self.opener = Opener(self.stack, self)
        self.passages = Passages(self.stack, self.opener, self.project)
        self.demo = Demo(self.client, self)
        self.earlier = EarlierWork(self.keeper, self.stack)
        self.news = RunNews(self.keeper, self.stack)
        self.status = StatusLine(self.statusBar(), self.client)
        self.device, self.work = self.status.device, self.status.work
        self._lay_out()
        self._connect()
        commands = Commands(
            self.opener.ask_for_folder,
            self.opener.ask_for_scan,
            self.opener.ask_for_pack,
            self.try_demo,
            self.show_page,
            self.use_theme,
        )
        fill_menus(self, commands, self.settings.theme)
        self._restore_geometry()
        self.take_drops(self.opener.open_dropped)
        self.start.show_recent(self.settings.recent)
        self.rail.show_chosen("start")

    def _lay_out(self) -> None:
        middle = QWidget()
        middle.setObjectName("page")
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.notices)
        column.addWidget(self.stack, 1)
        whole = QWidget()
        outer = QHBoxLayout(whole)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self.rail)
        outer.addWidget(middle, 1)
        self.setCentralWidget(whole)

    def _connect(self) -> None:
        self.rail.chosen.connect(self.show_page)
        self.stack.left.connect(self.banner.hide)
        self.stack.shown.connect(self.rail.show_chosen)
        self.start.demo_wanted.connect(self.try_demo)
        self.start.folder_wanted.connect(self.opener.ask_for_folder)
        self.start.scan_wanted.connect(self.opener.ask_for_scan)
        self.start.recent_wanted.connect(lambda path: self.open_path(Path(path)))
        self.start.unsaved_wanted.connect(lambda path: self.open_path(Path(path)))
        self.opener.told.connect(self.show_notice)
        self.opener.opened.connect(self._remember)
        self.demo.progress.connect(self.start.show_demo_progress)
        self.demo.failed.connect(self.show_notice)
        self.demo.drawn.connect(self.open_path)
        self.earlier.told.connect(self.show_notice)
        self.news.told.connect(self.show_notice)
        self.notices.run_wanted.connect(self.passages.show_run)
        self.status.problem.connect(self.show_notice)
        self.keeper.close_wanted.connect(self.close)
        self.keeper.settings_changed.connect(self._save)

    def begin(self, given: list[Path]) -> None:
        """After the first paint: starts the worker, asks for the device, opens what was given, finds running runs."""
        self.client.warm_up()
        self.status.ask_for_device()
        if not self.settings.notice_seen:
            self.settings.notice_seen = True
            self.show_notice(
                Notice(
                    from_engine(RESEARCH_ONLY),
                    self.tr("Everything stays on this computer: nothing is sent anywhere."),
                    "note",
                )
            )
        for path in given:
            self.open_path(path)
        self.earlier.look(self.settings, self.start.show_unsaved, announce=not given)

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
        if hasattr(made, "settings_changed"):
            made.settings_changed.connect(self._save)
        if hasattr(made, "scan_opened"):
            made.scan_opened.connect(lambda path: self._remember(Path(path), "scan"))
        self.passages.connect_page(made)
        return made

    # -- what others ask of the window ---------------------------------------------------------------------------

    def page(self, name: str) -> QWidget:
        """The page, imported and made on first use."""
        return self.stack.page(name)

    @Slot(str)
    def show_page(self, name: str) -> None:
        self.stack.show_page(name)

    @Slot(object)
    def open_path(self, path: Path) -> None:
        """A dataset, run, bundle, recipe or scan, wherever it came from; a path of no use is told in the banner."""
        self.opener.open_path(path)

    def try_demo(self) -> None:
        """Draws the samples where they are missing, then opens the demo's set."""
        self.show_page("start")
        self.demo.begin()

    @Slot(object)
    def show_notice(self, notice: Notice | None) -> None:
        """Shows a message across the top; None takes it away."""
        self.notices.show_notice(notice)

    def show_bug(self, crash_file: Path | None, line: str) -> None:
        self.notices.show_bug(crash_file, line)

    # -- what is kept --------------------------------------------------------------------------------------------

    @Slot()
    def _save(self) -> None:
        store.save(self.settings)

    @Slot(object, str)
    def _remember(self, path: Path, kind: str) -> None:
        # A scan's own name may hold a patient's: only its kind and place are kept, which the user sees anyway.
        self.settings.remember(str(path), kind, path.name)
        self.start.show_recent(self.settings.recent)
        self._save()

    def use_theme(self, choice: str) -> None:
        self.settings.theme = choice
        look().use(choice if choice in ("light", "dark") else "system")  # type: ignore[arg-type]
        self._save()

    def _keep_habits(self) -> None:
        """How scans are looked at was changed somewhere: a key, the right button, the orientation."""
        self.settings.viewer = habits().settings
        self._save()

    def _keep_network(self) -> None:
        self.settings.network = network().to_keep()
        self._save()

    def _restore_geometry(self) -> None:
        self.resize(1280, 820)
        if self.settings.geometry:
            self.restoreGeometry(QByteArray.fromBase64(self.settings.geometry.encode()))

    # -- the end -------------------------------------------------------------------------------------------------

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self.keeper.may_close():
            event.ignore()
            return
        self.settings.geometry = bytes(self.saveGeometry().toBase64().data()).decode()
        self._save()
        data: Any = self.stack.made("data")
        if data is not None:
            data.keep_edits()
        self.shut_down()
        super().closeEvent(event)

    def shut_down(self) -> None:
        """Ends the serving worker; runs go on in theirs."""
        self.client.close()
