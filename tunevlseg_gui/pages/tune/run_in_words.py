"""Everything a run will do, in plain sentences: data, model, what learns, for how long, what is written."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from tunevlseg_gui.pages.tune.strategy_drawing import StrategyDrawing, entry_of
from tunevlseg_gui.pages.tune.wizard import Wizard
from tunevlseg_gui.widgets.text import card, label

SHOWN_PHRASES = 4


class RunInWords(QWidget):
    def __init__(self, wizard: Wizard, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wizard = wizard
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(14)
        self._grid.setVerticalSpacing(8)
        self._grid.setColumnStretch(1, 1)
        self._shown: list[tuple[str, str]] = []
        frame = card("reviewWords")
        rows = QVBoxLayout(frame)
        rows.setContentsMargins(18, 14, 18, 14)
        rows.setSpacing(10)
        rows.addWidget(label(self.tr("What it will do"), "heading"))
        rows.addLayout(self._grid)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(frame)

    def draw(self) -> None:
        sentences = list(self.sentences())
        if sentences == self._shown:
            return
        self._shown = sentences
        while item := self._grid.takeAt(0):
            if widget := item.widget():
                widget.setParent(None)
                widget.deleteLater()
        for row, (about, words) in enumerate(sentences):
            self._grid.addWidget(self._word(about, "muted"), row, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(self._word(words, ""), row, 1)

    def _word(self, text: str, role: str) -> QLabel:
        return label(text, role, wrap=role == "")

    def sentences(self) -> Iterator[tuple[str, str]]:
        """(about what, in words), in the order of reading."""
        yield self.tr("Data"), self._data()
        yield self.tr("Phrases"), self._phrases()
        yield self.tr("Model"), self._model()
        yield self.tr("Learns"), self._learns()
        yield self.tr("Training"), self._training()
        yield self.tr("Images"), self._images()
        yield self.tr("Device"), self._device()
        yield (
            self.tr("Writes"),
            self.tr(
                "into {folder}: what was learned, curves, previews and scores. Your images stay as they are, and the "
                "base model is not copied."
            ).format(folder=self._wizard.out),
        )
        yield (
            self.tr("Repeats"),
            self.tr(
                "Every random number follows seed {seed}: the same recipe gives the same metrics on this computer."
            ).format(seed=self._wizard.draft.seed),
        )
        yield (
            self.tr("Besides"),
            self.tr("Nothing is sent anywhere. The run goes on when the window is closed, and is found again later."),
        )

    def _data(self) -> str:
        project = self._wizard.project
        sizes = {name: row.get("cases", 0) for name, row in project.split_sizes().items()}
        name = (project.found.name if project.found else "") or project.title
        said = self.tr("Learns from {train} cases of {name} and chooses the best epoch by {val} others.").format(
            train=sizes.get("train", 0), name=name, val=sizes.get("val", 0)
        )
        if sizes.get("test"):
            said += " " + self.tr("At the end it is scored on {test} cases that it never saw.").format(
                test=sizes["test"]
            )
        if project.found is not None and project.found.synthetic:
            said += " " + self.tr("The images are synthetic.")
        return said

    def _phrases(self) -> str:
        said = [text for known in self._wizard.project.labels for text in known.texts]
        shown = ", ".join(f"“{text}”" for text in said[:SHOWN_PHRASES])
        more = len(said) - SHOWN_PHRASES
        return shown + (self.tr(" and {count} more").format(count=more) if more > 0 else "")

    def _model(self) -> str:
        weights = self._wizard.weights
        known = self._wizard.catalogue.strategy(self._wizard.draft.strategy)
        changed = known is not None and {"encoders", "decoder", "last_layer"} & set(known.learns_at)
        said = f"{weights.title} (SHA-256 {weights.sha256[:12]}…). " if weights.sha256 else f"{weights.title}. "
        return said + (
            self.tr("Some of its own weights learn; the installed file stays as it is.")
            if changed
            else self.tr("Its own weights stay as they are.")
        )

    def _learns(self) -> str:
        wizard = self._wizard
        known = wizard.catalogue.strategy(wizard.draft.strategy)
        if known is None:
            return wizard.draft.strategy
        said = f"{known.title}. {StrategyDrawing(entry_of(wizard, known)).in_words()}"
        start = str(wizard.training_values().get("start_from") or "")
        return said + (" " + self.tr("It begins with what {run} learned.").format(run=start) if start else "")

    def _training(self) -> str:
        values = self._wizard.training_values()
        said = self.tr("At most {epochs} epochs of steps of {batch} images, learning rate {rate}.").format(
            epochs=values.get("epochs"), batch=values.get("batch_size"), rate=values.get("learning_rate")
        )
        patience, least = values.get("patience"), int(values.get("min_epochs") or 0)
        if patience and least < int(values.get("epochs") or 0):
            said += " " + self.tr("It stops when {patience} epochs brought nothing better").format(patience=patience)
            said += self.tr(", yet not before epoch {least}.").format(least=least) if least > 1 else "."
        return said + " " + self.tr("The best epoch is kept.")

    def _images(self) -> str:
        values = self._wizard.image_values()
        flips = [
            words
            for name, words in (
                ("flip_horizontal", self.tr("left and right exchanged")),
                ("flip_vertical", self.tr("turned upside down")),
                ("rotate", self.tr("rotated by up to {degrees}°").format(degrees=values.get("rotate"))),
            )
            if values.get(name)
        ]
        plain = {
            "none": self.tr("Training images are used as they are."),
            "views": self.tr("Training images are changed at random, in four views each."),
            "published": self.tr("Training images are changed at random, anew in every epoch."),
        }
        said = plain.get(str(values.get("augment")), plain["views"])
        return said + (" " + self.tr("Some are {changes}.").format(changes=", ".join(flips)) if flips else "")

    def _device(self) -> str:
        chosen = str(self._wizard.training_values().get("device") or "auto")
        return self.tr("The fastest that this computer has.") if chosen == "auto" else chosen
