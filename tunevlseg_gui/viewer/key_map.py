"""Keys of the slice views: what each does, which the user changed, and which two actions want the same one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QKeySequence

from engine.volumes.ct_windows import CT_WINDOWS, window_title


@dataclass(frozen=True, slots=True)
class ViewAction:
    """`keys`: as QKeySequence writes them; symbols by what they type, since they lie elsewhere on other keyboards."""

    id: str
    title: str
    keys: tuple[str, ...] = ()


ACTIONS: tuple[ViewAction, ...] = (
    ViewAction("next", "Next slice", ("Up", "Right")),
    ViewAction("previous", "Previous slice", ("Down", "Left")),
    ViewAction("ten_on", "Ten slices on", ("PgUp",)),
    ViewAction("ten_back", "Ten slices back", ("PgDown",)),
    ViewAction("first", "First slice", ("Home",)),
    ViewAction("last", "Last slice", ("End",)),
    ViewAction("planes", "One plane or three", ("T",)),
    ViewAction("maximise", "This plane alone, and back", ("M",)),
    ViewAction("whole", "Whole slice again", ("R",)),
    ViewAction("crosshair", "Crosshair on, off", ("X",)),
    ViewAction("neurological", "Radiological or neurological orientation"),
    ViewAction("windows", "List of windows", ("W",)),
    *(
        ViewAction(f"window{n}", f"Window: {window_title(name)}", (str(n),))
        for n, name in enumerate(CT_WINDOWS, start=1)
    ),
    ViewAction("overlay", "Masks on, off", ("S",)),
    ViewAction("outline", "Masks filled or as outline", ("Shift+S",)),
    ViewAction("fainter", "Masks fainter", ("A",)),
    ViewAction("stronger", "Masks stronger", ("D",)),
    ViewAction("mask_before", "The mask before it, to edit and as a heat map", ("[",)),
    ViewAction("mask_next", "The next mask, to edit and as a heat map", ("]",)),
    ViewAction("solo", "Only the mask under the mouse, and back", ("H",)),
    ViewAction("heat", "Probabilities as a heat map, and back", ("Shift+P",)),
    ViewAction("paint", "Paint, and put the brush down", ("P",)),
    ViewAction("erase", "Erase, and put the eraser down", ("E",)),
    ViewAction("fill", "Fill a hole of the mask by a click", ("F",)),
    ViewAction("ruler", "Ruler", ("L",)),
    ViewAction("area", "Area", ("Shift+L",)),
    ViewAction("prompt", "To the phrases", ("/",)),
    ViewAction("keys", "This list", ("?", "F1")),
)
TITLES = {action.id: action.title for action in ACTIONS}

FIXED: tuple[tuple[str, str], ...] = (
    ("Ctrl+Enter", "Ask for the phrases in the whole scan"),
    ("Esc", "Cancel; drop what is proposed; put the brush down"),
    ("Enter", "Take what is proposed"),
    ("Ctrl+Z, Ctrl+Shift+Z or Ctrl+Y", "Undo, redo"),
    ("Delete", "Remove the last measurement, with ruler or area in hand"),
    ("Ctrl+0 to Ctrl+6", "The pages"),
    ("Ctrl+O, Ctrl+Shift+O", "Open a folder, open a scan"),
)
"""Keys that stay as they are."""

MOUSE: tuple[tuple[str, str], ...] = (
    ("Wheel", "Slice"),
    ("Ctrl + wheel", "Zoom where the mouse is"),
    ("Left click or drag", "Crosshair in all planes"),
    ("Shift + move", "Crosshair follows the mouse"),
    ("Middle drag, Shift + left drag", "Move the slice"),
    ("Right drag", "Window: width across, level up and down (or zoom, in the View menu below the slice)"),
    ("Ctrl + left drag", "Window from the region"),
    ("Ctrl + double click", "The scan's own window again"),
    ("Double click", "This plane alone, and back"),
    ("Painting: left drag, Ctrl + left drag", "Paint, erase; [ and ] change the size"),
)

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
