"""What is wrong with a dataset: what, where, what to do; errors first."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QWidget

from tunevlseg_gui.theme.icons import icon

_SIGNS = {"error": "danger", "warning": "warning", "note": "note"}
MOST = 200


class ProblemList(QListWidget):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("problems")
        self.setAccessibleName("Problems found")
        self.setWordWrap(True)
        self.setIconSize(QSize(18, 18))
        self.setSpacing(1)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def show_problems(self, problems: list[dict[str, Any]] | None) -> None:
        """None while nothing is known yet."""
        self.clear()
        if problems is None:
            return
        for problem in problems[:MOST]:
            sign = _SIGNS.get(str(problem.get("severity")), "note")
            where = f"{problem['path']}: " if problem.get("path") else ""
            fix = f"\n{problem['fix']}" if problem.get("fix") else ""
            item = QListWidgetItem(icon(sign, sign), f"{where}{problem.get('message', '')}{fix}")
            item.setToolTip(item.text())
            self.addItem(item)
        if len(problems) > MOST:
            self.addItem(QListWidgetItem(f"And {len(problems) - MOST} more: tunevlseg data inspect lists them all."))
        if not problems:
            self.addItem(QListWidgetItem(icon("good", "good"), "No problems found."))
