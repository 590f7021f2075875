"""The row of editing tools below the slice: which mask, tool, size, changes of the whole, undo, what is proposed."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QT_TRANSLATE_NOOP, QSignalBlocker, QSize, Qt
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QMenu,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from tunevlseg_gui.pages.segment.mask_editor import MaskEditor
from tunevlseg_gui.theme.icons import icon
from tunevlseg_gui.theme.spin_box import inset
from tunevlseg_gui.viewer.editing.brush import LARGEST, SMALLEST
from tunevlseg_gui.viewer.habits import habits
from tunevlseg_gui.viewer.mask_overlay import Layer
from tunevlseg_gui.widgets.buttons import button
from tunevlseg_gui.widgets.flow_layout import FlowLayout

UNDO_MB = (64, 128, 256, 512, 1024, 4096)

TOOLS = (
    (
        "paint",
        "brush",
        QT_TRANSLATE_NOOP("EditBar", "Paint"),
        QT_TRANSLATE_NOOP("EditBar", "Key P; drag with the left button, with Ctrl to erase"),
    ),
    (
        "erase",
        "eraser",
        QT_TRANSLATE_NOOP("EditBar", "Erase"),
        QT_TRANSLATE_NOOP("EditBar", "Key E; drag with the left button, with Ctrl to paint"),
    ),
    (
        "fill",
        "fill",
        QT_TRANSLATE_NOOP("EditBar", "Fill"),
        QT_TRANSLATE_NOOP("EditBar", "Key F; click into a hole on the slice"),
    ),
    (
        "island",
        "part",
        QT_TRANSLATE_NOOP("EditBar", "Remove part"),
        QT_TRANSLATE_NOOP("EditBar", "Click on a part of the mask that is to go, on all slices"),
    ),
)


class EditBar(QWidget):
    """Draws a MaskEditor and hands it what is pressed."""

    def __init__(self, editor: MaskEditor, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("editBar")
        self._editor = editor
        self.layer_combo = QComboBox()
        self.layer_combo.setObjectName("editLayerCombo")
        self.layer_combo.setAccessibleName(self.tr("Mask to edit"))
        self.layer_combo.setToolTip(self.tr("Mask to edit"))
        self.layer_combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.layer_combo.setMinimumContentsLength(9)
        self.layer_combo.activated.connect(self._chosen)
        self.tool_buttons = {
            name: self._tool(name, picture, self.tr(title), self.tr(tip)) for name, picture, title, tip in TOOLS
        }
        self.radius = QDoubleSpinBox()
        inset(self.radius)
        self.radius.setObjectName("brushRadius")
        self.radius.setAccessibleName(self.tr("Radius of the brush"))
        self.radius.setToolTip(self.tr("Radius of the brush; keys [ and ]"))
        self.radius.setRange(SMALLEST, LARGEST)
        self.radius.setDecimals(1)
        self.radius.setStepType(QDoubleSpinBox.StepType.AdaptiveDecimalStepType)
        self.radius.valueChanged.connect(editor.set_radius)
        self.ball = QCheckBox("3-D")
        self.ball.setObjectName("brushBall")
        self.ball.setAccessibleName(self.tr("Brush reaches into neighbouring slices"))
        self.ball.setToolTip(self.tr("A ball: the brush reaches into neighbouring slices"))
        self.ball.toggled.connect(editor.set_ball)
        self.more = self._more()
        self.undo = self._flat("undoMaskEdit", "undo", self.tr("Undo"), editor.undo)
        self.redo = self._flat("redoMaskEdit", "redo", self.tr("Redo"), editor.redo)

        row = FlowLayout(spacing=4)
        row.addWidget(self.layer_combo)
        for made in self.tool_buttons.values():
            row.addWidget(made)
        for widget in (self.radius, self.ball, self.more):
            row.addWidget(widget)
        row.addWidget(self.undo)
        row.addWidget(self.redo)

        self.proposed = QWidget()
        self.proposed.setObjectName("proposalRow")
        self.proposed_words = QLabel()
        self.proposed_words.setObjectName("proposalWords")
        self.proposed_words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.take_button = button(self.tr("Take it"), "takeProposal", editor.take, role="primary", tip="Enter")
        self.drop_button = button(self.tr("Drop it"), "dropProposal", editor.drop, tip="Esc")
        below = QHBoxLayout(self.proposed)
        below.setContentsMargins(0, 0, 0, 0)
        below.addWidget(self.proposed_words, 1)
        below.addWidget(self.take_button)
        below.addWidget(self.drop_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.proposed)
        column.addLayout(row)
        editor.changed.connect(self.show_state)
        self.show_layers([])

    def show_layers(self, layers: list[Layer]) -> None:
        with QSignalBlocker(self.layer_combo):
            self.layer_combo.clear()
            for layer in layers:
                self.layer_combo.addItem(layer.phrase, layer)
        self.show_state()

    def show_unit(self, *, is_picture: bool) -> None:
        self.radius.setSuffix(" px" if is_picture else " mm")
        self.ball.setVisible(not is_picture)
        self.between_action.setVisible(not is_picture)

    def show_state(self) -> None:
        editor, layer = self._editor, self._editor.layer
        if self.layer_combo.currentData() is not layer:
            rows = [row for row in range(self.layer_combo.count()) if self.layer_combo.itemData(row) is layer]
            with QSignalBlocker(self.layer_combo):
                self.layer_combo.setCurrentIndex(rows[0] if rows else -1)
        for name, made in self.tool_buttons.items():
            with QSignalBlocker(made):
                made.setChecked(editor.tool_name == name)
            made.setEnabled(layer is not None)
        with QSignalBlocker(self.radius):
            self.radius.setValue(editor.brush.radius)
        for action in self.whole_actions:
            action.setEnabled(layer is not None and not editor.busy)
        self.back_action.setEnabled(layer is not None and layer.edited and layer.answer is not None and not editor.busy)
        steps = (
            (self.undo, editor.history.next_undo, self.tr("Undo")),
            (self.redo, editor.history.next_redo, self.tr("Redo")),
        )
        for made, step, words in steps:
            made.setEnabled(step is not None and not editor.busy)
            named = f"{words}: {step.words}" if step is not None else words
            made.setAccessibleName(named)
            keys = "Ctrl+Z" if made is steps[0][0] else self.tr("Ctrl+Shift+Z or Ctrl+Y")
            made.setToolTip(f"{named} ({keys})")
        preview = editor.preview
        self.proposed.setVisible(preview is not None)
        if preview is not None:
            self.proposed_words.setText(
                self.tr("{words} for “{phrase}”, shown as an outline").format(
                    words=preview.words, phrase=preview.layer.phrase
                )
            )
            for made in (self.take_button, self.drop_button):
                made.setEnabled(not editor.busy)

    def _show_memory(self) -> None:
        for action in self.memory_actions.actions():
            action.setChecked(action.data() == habits().settings.undo_mb)

    def _chosen(self, row: int) -> None:
        layer = self.layer_combo.itemData(row)
        if isinstance(layer, Layer):
            self._editor.choose(layer)

    def _tool(self, name: str, picture: str, title: str, tip: str) -> QToolButton:
        made = QToolButton()
        made.setObjectName(f"{name}Tool")
        made.setProperty("role", "tool")
        made.setCheckable(True)
        made.setIcon(icon(picture, "text", "accent_text"))
        made.setIconSize(QSize(18, 18))
        made.setAccessibleName(title)
        made.setToolTip(f"{title}: {tip[0].lower()}{tip[1:]}")
        made.clicked.connect(lambda _checked=False: self._editor.use_tool(name))
        return made

    def _flat(self, name: str, picture: str, title: str, done: Callable[[], object]) -> QToolButton:
        made = QToolButton()
        made.setObjectName(name)
        made.setProperty("role", "flat")
        made.setIcon(icon(picture, "muted"))
        made.setIconSize(QSize(18, 18))
        made.setAccessibleName(title)
        made.clicked.connect(lambda _checked=False: done())
        return made

    def _more(self) -> QToolButton:
        made = QToolButton()
        made.setObjectName("editMore")
        made.setProperty("role", "tool")
        made.setText(self.tr("Change…"))
        made.setAccessibleName(self.tr("Change the whole mask"))
        made.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        menu = QMenu(made)
        editor = self._editor
        wanted = (
            (self.tr("Fill holes on this slice"), "fillSliceAction", editor.changes.fill_slice),
            (self.tr("Fill between painted slices"), "betweenAction", editor.changes.interpolate),
            (self.tr("Smooth"), "smoothAction", editor.changes.smooth),
            (self.tr("Largest part only"), "largestAction", editor.changes.keep_largest),
        )
        self.whole_actions = []
        for text, name, done in wanted:
            action = menu.addAction(text)
            action.setObjectName(name)
            action.triggered.connect(lambda _checked=False, done=done: done())
            self.whole_actions.append(action)
        self.between_action = self.whole_actions[1]
        menu.addSeparator()
        self.back_action = menu.addAction(self.tr("Back to the model's answer"))
        self.back_action.setObjectName("backToAnswerAction")
        self.back_action.triggered.connect(lambda _checked=False: editor.back_to_answer())
        self.new_action = menu.addAction(self.tr("New empty mask"))
        self.new_action.setObjectName("newMaskAction")
        menu.addSeparator()
        memory = menu.addMenu(self.tr("Memory for undo"))
        self.memory_actions = QActionGroup(memory)
        for megabytes in UNDO_MB:
            action = memory.addAction(f"{megabytes} MB")
            action.setCheckable(True)
            action.setData(megabytes)
            self.memory_actions.addAction(action)
        self.memory_actions.triggered.connect(lambda chosen: habits().set_undo_mb(int(chosen.data())))
        memory.aboutToShow.connect(self._show_memory)
        made.setMenu(menu)
        return made
