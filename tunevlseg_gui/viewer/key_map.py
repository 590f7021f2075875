"""Keys of the slice views: what each does, which the user changed, and which two actions want the same one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QT_TRANSLATE_NOOP, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence

from engine.volumes.ct_windows import CT_WINDOWS, window_title
from tunevlseg_gui.translation import from_engine, translate


@dataclass(frozen=True, slots=True)
class ViewAction:
    """`keys`: as QKeySequence writes them; symbols by what they type, since they lie elsewhere on other keyboards."""

    id: str
    title: str
    keys: tuple[str, ...] = ()
    of: str = ""

    @property
    def said(self) -> str:
        """The title in the user's language."""
        return translate("KeyMap", self.title).format(name=from_engine(self.of))


ACTIONS: tuple[ViewAction, ...] = (
    ViewAction("next", QT_TRANSLATE_NOOP("KeyMap", "Next slice"), ("Up", "Right")),
    ViewAction("previous", QT_TRANSLATE_NOOP("KeyMap", "Previous slice"), ("Down", "Left")),
    ViewAction("ten_on", QT_TRANSLATE_NOOP("KeyMap", "Ten slices on"), ("PgUp",)),
    ViewAction("ten_back", QT_TRANSLATE_NOOP("KeyMap", "Ten slices back"), ("PgDown",)),
    ViewAction("first", QT_TRANSLATE_NOOP("KeyMap", "First slice"), ("Home",)),
    ViewAction("last", QT_TRANSLATE_NOOP("KeyMap", "Last slice"), ("End",)),
    ViewAction("planes", QT_TRANSLATE_NOOP("KeyMap", "One plane or three"), ("T",)),
    ViewAction("maximise", QT_TRANSLATE_NOOP("KeyMap", "This plane alone, and back"), ("M",)),
    ViewAction("whole", QT_TRANSLATE_NOOP("KeyMap", "Whole slice again"), ("R",)),
    ViewAction("crosshair", QT_TRANSLATE_NOOP("KeyMap", "Crosshair on, off"), ("X",)),
    ViewAction("neurological", QT_TRANSLATE_NOOP("KeyMap", "Radiological or neurological orientation")),
    ViewAction("windows", QT_TRANSLATE_NOOP("KeyMap", "List of windows"), ("W",)),
    *(
        ViewAction(f"window{n}", QT_TRANSLATE_NOOP("KeyMap", "Window: {name}"), (str(n),), window_title(name))
        for n, name in enumerate(CT_WINDOWS, start=1)
    ),
    ViewAction("overlay", QT_TRANSLATE_NOOP("KeyMap", "Masks on, off"), ("S",)),
    ViewAction("outline", QT_TRANSLATE_NOOP("KeyMap", "Masks filled or as outline"), ("Shift+S",)),
    ViewAction("fainter", QT_TRANSLATE_NOOP("KeyMap", "Masks fainter"), ("A",)),
    ViewAction("stronger", QT_TRANSLATE_NOOP("KeyMap", "Masks stronger"), ("D",)),
    ViewAction("mask_before", QT_TRANSLATE_NOOP("KeyMap", "The mask before it, to edit and as a heat map"), ("[",)),
    ViewAction("mask_next", QT_TRANSLATE_NOOP("KeyMap", "The next mask, to edit and as a heat map"), ("]",)),
    ViewAction("solo", QT_TRANSLATE_NOOP("KeyMap", "Only the mask under the mouse, and back"), ("H",)),
    ViewAction("heat", QT_TRANSLATE_NOOP("KeyMap", "Probabilities as a heat map, and back"), ("Shift+P",)),
    ViewAction("paint", QT_TRANSLATE_NOOP("KeyMap", "Paint, and put the brush down"), ("P",)),
    ViewAction("erase", QT_TRANSLATE_NOOP("KeyMap", "Erase, and put the eraser down"), ("E",)),
    ViewAction("fill", QT_TRANSLATE_NOOP("KeyMap", "Fill a hole of the mask by a click"), ("F",)),
    ViewAction("ruler", QT_TRANSLATE_NOOP("KeyMap", "Ruler"), ("L",)),
    ViewAction("area", QT_TRANSLATE_NOOP("KeyMap", "Area"), ("Shift+L",)),
    ViewAction("prompt", QT_TRANSLATE_NOOP("KeyMap", "To the phrases"), ("/",)),
    ViewAction("keys", QT_TRANSLATE_NOOP("KeyMap", "This list"), ("?", "F1")),
)


def title_of(action: str) -> str:
    """In the user's language."""
    return next(known.said for known in ACTIONS if known.id == action)


FIXED: tuple[tuple[str, str], ...] = (
    ("Ctrl+Enter", QT_TRANSLATE_NOOP("KeyMap", "Ask for the phrases in the whole scan")),
    ("Esc", QT_TRANSLATE_NOOP("KeyMap", "Cancel; drop what is proposed; put the brush down")),
    ("Enter", QT_TRANSLATE_NOOP("KeyMap", "Take what is proposed")),
    (QT_TRANSLATE_NOOP("KeyMap", "Ctrl+Z, Ctrl+Shift+Z or Ctrl+Y"), QT_TRANSLATE_NOOP("KeyMap", "Undo, redo")),
    (
        QT_TRANSLATE_NOOP("KeyMap", "Delete"),
        QT_TRANSLATE_NOOP("KeyMap", "Remove the last measurement, with ruler or area in hand"),
    ),
    (QT_TRANSLATE_NOOP("KeyMap", "Ctrl+0 to Ctrl+6"), QT_TRANSLATE_NOOP("KeyMap", "The pages")),
    (QT_TRANSLATE_NOOP("KeyMap", "Ctrl+O, Ctrl+Shift+O"), QT_TRANSLATE_NOOP("KeyMap", "Open a folder, open a scan")),
)
"""Keys that stay as they are."""

MOUSE: tuple[tuple[str, str], ...] = (
    (QT_TRANSLATE_NOOP("KeyMap", "Wheel"), QT_TRANSLATE_NOOP("KeyMap", "Slice")),
    (QT_TRANSLATE_NOOP("KeyMap", "Ctrl + wheel"), QT_TRANSLATE_NOOP("KeyMap", "Zoom where the mouse is")),
    (QT_TRANSLATE_NOOP("KeyMap", "Left click or drag"), QT_TRANSLATE_NOOP("KeyMap", "Crosshair in all planes")),
    (QT_TRANSLATE_NOOP("KeyMap", "Shift + move"), QT_TRANSLATE_NOOP("KeyMap", "Crosshair follows the mouse")),
    (QT_TRANSLATE_NOOP("KeyMap", "Middle drag, Shift + left drag"), QT_TRANSLATE_NOOP("KeyMap", "Move the slice")),
    (
        QT_TRANSLATE_NOOP("KeyMap", "Right drag"),
        QT_TRANSLATE_NOOP(
            "KeyMap", "Window: width across, level up and down (or zoom, in the View menu below the slice)"
        ),
    ),
    (QT_TRANSLATE_NOOP("KeyMap", "Ctrl + left drag"), QT_TRANSLATE_NOOP("KeyMap", "Window from the region")),
    (QT_TRANSLATE_NOOP("KeyMap", "Ctrl + double click"), QT_TRANSLATE_NOOP("KeyMap", "The scan's own window again")),
    (QT_TRANSLATE_NOOP("KeyMap", "Double click"), QT_TRANSLATE_NOOP("KeyMap", "This plane alone, and back")),
    (
        QT_TRANSLATE_NOOP("KeyMap", "Painting: left drag, Ctrl + left drag"),
        QT_TRANSLATE_NOOP("KeyMap", "Paint, erase; [ and ] change the size"),
    ),
)


def said_pairs(pairs: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
    """FIXED or MOUSE, in the user's language."""
    return [(translate("KeyMap", does), translate("KeyMap", meaning)) for does, meaning in pairs]


_MODIFIER = Qt.KeyboardModifier
_OTHER_LEVEL = (
    _MODIFIER.NoModifier,
    _MODIFIER.GroupSwitchModifier,
    _MODIFIER.AltModifier,  # macOS: Option
    _MODIFIER.ControlModifier | _MODIFIER.AltModifier,  # Windows
)
"""What AltGr is told as, with which many keyboards type brackets."""
_SYMBOLS = set("?/[]{}<>,.;:+-*#'\"!%&()=|~^`´@$_\\")


def key_map(changed: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Key → action. A key that two actions want belongs to the one that was given it by hand, else to the first."""
    found: dict[str, str] = {}
    for by_hand in (True, False):
        for action in ACTIONS:
            if (action.id in changed) == by_hand:
                for key in keys_of(action, changed):
                    found.setdefault(key, action.id)
    return found


def keys_of(action: ViewAction, changed: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    return tuple(normal(key) for key in changed.get(action.id, action.keys))


def conflicts(changed: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Keys that more than one action has, and those actions."""
    wanted: dict[str, list[str]] = {}
    for action in ACTIONS:
        for key in keys_of(action, changed):
            wanted.setdefault(key, []).append(action.id)
    return {key: actions for key, actions in wanted.items() if len(actions) > 1}


def normal(key: str) -> str:
    """Shift goes without saying for a symbol: "Shift+?" is "?"."""
    return key[-1] if key[-1:] in _SYMBOLS and key.startswith("Shift+") else key


def pressed(event: QKeyEvent) -> str:
    """The key of an event as the map names it."""
    keypad = Qt.KeyboardModifier.KeypadModifier
    others = event.modifiers() & ~(keypad | Qt.KeyboardModifier.ShiftModifier)
    if others in _OTHER_LEVEL and event.text() in _SYMBOLS:
        return event.text()
    modifiers = event.modifiers() & ~keypad
    # The digits' row of some keyboards types digits with Shift only.
    if event.text().isdigit() and len(event.text()) == 1 and not others:
        return event.text()
    return QKeySequence(int(event.key()) | int(modifiers.value)).toString(QKeySequence.SequenceFormat.PortableText)
