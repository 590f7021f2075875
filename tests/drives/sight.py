"""What a user sees of the window's widgets: where they lie, what they say and hold, what is cut off, where Tab goes.

Every place is [left, top, width, height] in pixels of the screen. Nothing is done to the window here but looking.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QGuiApplication
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QCheckBox,
    QComboBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QRadioButton,
    QScrollArea,
    QScrollBar,
    QSpinBox,
    QTabBar,
    QTabWidget,
    QWidget,
)

from tunevlseg_gui.widgets.text import PathLabel

_BY_HAND = (
    QAbstractButton,
    QComboBox,
    QLineEdit,
    QAbstractSpinBox,
    QAbstractSlider,
    QTabBar,
    QAbstractScrollArea,
)
"""Kinds of widgets that a user does something with."""


def main_window() -> QWidget | None:
    """The one that is shown: one that was closed may still wait for its end."""
    windows = (top for top in QApplication.topLevelWidgets() if top.objectName() == "mainWindow")
    return next((window for window in windows if window.isVisible()), None)


def on_screen(widget: QWidget, rect: QRect) -> list[int]:
    """[left, top, width, height] in pixels of the screen."""
    ratio = widget.devicePixelRatioF()
    corner = widget.mapToGlobal(rect.topLeft())
    return [round(value * ratio) for value in (corner.x(), corner.y(), rect.width(), rect.height())]


def where(name: str) -> dict[str, Any] | None:
    """The visible widget or menu entry of this name; `seen`: the part that nothing else cuts off.

    Where there are such: `scroller`, the view that scrolls it; `scrolled`, how far what scrolls within it is (of
    `to_scroll`, through `view`); `tabs`, the middles of its tabs.
    """
    for top in QApplication.topLevelWidgets():
        if isinstance(top, QMenu) and top.isVisible():
            for action in top.actions():
                if name in (action.objectName(), action.text()):
                    place = on_screen(top, top.actionGeometry(action))
                    return {"rect": place, "seen": place, "enabled": action.isEnabled(), "text": action.text()}
    found = find(name)
    if found is None:
        return None
    area = _scroller(found)
    inner = found.findChild(QScrollArea)
    more: dict[str, Any] = {}
    if inner is not None:
        bar = inner.verticalScrollBar()
        more |= {"scrolled": bar.value(), "to_scroll": bar.maximum()}
        more["view"] = on_screen(inner.viewport(), inner.viewport().rect())
    if isinstance(found, QTabWidget):
        tabs = found.tabBar()
        middles = (QRect(tabs.tabRect(at).center(), QSize(1, 1)) for at in range(tabs.count()))
        more["tabs"] = [on_screen(tabs, middle)[:2] for middle in middles]
    return {
        **more,
        "rect": on_screen(found, found.rect()),
        "seen": on_screen(found, _seen(found)),
        "scroller": None if area is None else on_screen(area.viewport(), area.viewport().rect()),
        "enabled": found.isEnabled(),
        "text": text_of(found),
    }


def find(name: str) -> QWidget | None:
    """The visible widget of this name; of a dialog that keeps the rest waiting alone, where there is one."""
    modal = QApplication.activeModalWidget()
    for place in [modal] if modal is not None else QApplication.topLevelWidgets():
        for found in [place, *place.findChildren(QWidget, name)]:
            if found.objectName() == name and found.isVisible():
                return found
    return None


def _shown(name: str) -> QWidget:
    found = find(name)
    if found is None:
        raise LookupError(f"The window shows no “{name}”.")
    return found


def text_of(widget: QWidget) -> str:
    if isinstance(widget, (QLabel, QAbstractButton, QAbstractSpinBox, QLineEdit)):
        return widget.text()
    if isinstance(widget, QComboBox):
        return widget.currentText()
    if isinstance(widget, QPlainTextEdit):
        return widget.toPlainText()
    if isinstance(widget, QAbstractSlider | QProgressBar):
        return str(widget.value())
    return str(widget.property("text") or "")


def focus() -> dict[str, Any]:
    """What has the keyboard, and the X window that should have it: the dialog on top, else the main window."""
    modal = QApplication.activeModalWidget() or main_window()
    widget, window = QApplication.focusWidget(), QGuiApplication.focusWindow()
    found: dict[str, Any] = {
        "widget": widget.objectName() if widget is not None else "",
        "wanted": int(modal.winId()) if modal is not None and modal.isVisible() else 0,
        "held": window is not None and modal is not None and window is modal.windowHandle(),
        "dialog": modal.windowTitle() if modal is not None and modal is not main_window() else "",
        "popup": QApplication.activePopupWidget() is not None,
    }
    if widget is not None:
        found |= {
            "kind": type(widget).__name__,
            "said": widget.accessibleName(),
            "text": text_of(widget),
            "rect": on_screen(widget, widget.rect()),
            "seen": on_screen(widget, _seen(widget)),
        }
    return found


def inputs(under: str) -> dict[str, Any]:
    """What is entered in every named field below a widget, also in those out of sight; {} where it is not there."""
    top = _any(under)
    found: dict[str, Any] = {}
    for widget in top.findChildren(QWidget) if top is not None else ():
        if not widget.objectName() or widget.objectName().startswith("qt_"):
            continue
        if isinstance(widget, QAbstractButton) and widget.isCheckable():
            found[widget.objectName()] = widget.isChecked()
        elif isinstance(widget, QComboBox | QLineEdit | QAbstractSpinBox | QPlainTextEdit):
            found[widget.objectName()] = text_of(widget)
    return found


def texts(under: str) -> list[str]:
    """What the labels and buttons below a widget say, those in sight or scrolled out of it, in the order of making."""
    top = find(under)
    shown = top.findChildren(QWidget) if top is not None else ()
    said = (text_of(widget) for widget in shown if isinstance(widget, QLabel | QAbstractButton) and widget.isVisible())
    return [text for text in said if text]


def stops(under: str) -> dict[str, list[str]]:
    """Below a widget, what can be used now: `tab` stops at it, it is reached from within (`inside`), or by the `mouse`.

    Raises LookupError where the widget is not shown.
    What is within a stop of Tab is its own, and of buttons of which one is chosen the arrow keys reach the others.
    """
    found: dict[str, list[str]] = {"tab": [], "inside": [], "mouse": []}
    for widget in _used(_shown(under)):
        name = widget.objectName() or f"{type(widget).__name__}: {text_of(widget)}"
        found[_reached(widget)].append(name)
    return found


def _reached(widget: QWidget) -> str:
    group = widget.group() if isinstance(widget, QAbstractButton) else None
    if group is not None and group.exclusive():
        chosen = group.checkedButton()
        if chosen is not None and chosen is not widget:
            return "inside" if _takes_tab(chosen) else "mouse"
    if any(_takes_tab(above) for above in _above(widget)):
        return "inside"
    return "tab" if _takes_tab(widget) else "mouse"


def clipboard() -> str:
    return QGuiApplication.clipboard().text()


def _takes_tab(widget: QWidget) -> bool:
    """Itself: a tab widget hands the keyboard on to its bar."""
    return bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus) and widget.focusProxy() is None


def _above(widget: QWidget) -> Iterator[QWidget]:
    """What it is a part of, from the inside out; not its window."""
    above = widget.parentWidget()
    while above is not None and not above.isWindow():
        yield above
        above = above.parentWidget()


def _used(top: QWidget) -> Iterator[QWidget]:
    """Widgets that a user does something with; parts of combos, spin boxes, headers and tabs are theirs."""
    for widget in top.findChildren(QWidget):
        if not widget.isVisible() or not widget.isEnabled() or isinstance(widget, QScrollBar):
            continue
        owner = widget.parentWidget()
        if isinstance(owner, QComboBox | QAbstractSpinBox | QTabBar | QLineEdit | QHeaderView):
            continue
        by_hand = isinstance(widget, _BY_HAND) and not isinstance(widget, QScrollArea | QHeaderView)
        if by_hand or _takes_tab(widget):
            yield widget


def cut(under: str) -> list[dict[str, Any]]:
    """Texts below a widget that their place cannot hold: {name, text, why, needs, has}, in pixels of the window.

    Raises LookupError where the widget is not shown: of what is not there nothing is cut off.
    """
    found = []
    for widget in _shown(under).findChildren(QWidget):
        if widget.isVisible() and not isinstance(widget.parentWidget(), QComboBox | QAbstractSpinBox | QLineEdit):
            why = _why_cut(widget)
            if why is not None:
                found.append({"name": widget.objectName(), "text": text_of(widget)[:80], **why})
    return found


def _why_cut(widget: QWidget) -> dict[str, Any] | None:
    text = text_of(widget)
    if isinstance(widget, PathLabel | QScrollBar) or not (text or isinstance(widget, QHeaderView)):
        return None
    if isinstance(widget, QLabel):
        if widget.wordWrap():
            needed = widget.heightForWidth(widget.width())
            if needed > widget.height() + 1:
                return {"why": "height", "needs": needed, "has": widget.height()}
            margins = widget.contentsMargins()
            room = widget.width() - margins.left() - margins.right()
            longest = max(widget.fontMetrics().horizontalAdvance(word) for word in re.split(r"[\s/\\-]+", text))
            if longest > room + 1:
                return {"why": "a word", "needs": longest, "has": room}
        elif widget.sizeHint().width() > widget.width() + 1 or widget.sizeHint().height() > widget.height() + 1:
            return {"why": "width", "needs": widget.sizeHint().width(), "has": widget.width()}
    elif isinstance(widget, QPushButton | QCheckBox | QRadioButton):
        if widget.layout() is None and widget.sizeHint().width() > widget.width() + 1:
            return {"why": "width", "needs": widget.sizeHint().width(), "has": widget.width()}
    elif isinstance(widget, QComboBox):
        needed = widget.fontMetrics().horizontalAdvance(text) + 30
        if needed > widget.width() + 1:
            return {"why": "width", "needs": needed, "has": widget.width()}
    elif isinstance(widget, QSpinBox):
        needed = widget.fontMetrics().horizontalAdvance(widget.text()) + 24
        if needed > widget.width() + 1:
            return {"why": "width", "needs": needed, "has": widget.width()}
    elif isinstance(widget, QHeaderView) and widget.orientation() == Qt.Orientation.Horizontal:
        for at in range(widget.count()):
            needed = _heading_needs(widget, at)
            if not widget.isSectionHidden(at) and needed > widget.sectionSize(at) + 1:
                return {"why": f"column {at}", "needs": needed, "has": widget.sectionSize(at)}
    return _beyond_its_view(widget)


def _heading_needs(head: QHeaderView, at: int) -> int:
    """The arrow of an order stands above the text and needs no room beside it."""
    font = head.font()
    font.setBold(True)
    text = str(head.model().headerData(at, head.orientation()) or "")
    return QFontMetrics(font).horizontalAdvance(text) + 8 if text else 0


def _beyond_its_view(widget: QWidget) -> dict[str, Any] | None:
    """Its left or right end lies outside of what scrolls it, and nothing scrolls sideways."""
    area = _scroller(widget)
    if area is None or area.horizontalScrollBarPolicy() != Qt.ScrollBarPolicy.ScrollBarAlwaysOff:
        return None
    left = widget.mapTo(area.viewport(), QPoint(0, 0)).x()
    over = max(-left, left + widget.width() - area.viewport().width())
    return {"why": "outside", "needs": over, "has": 0} if over > 1 else None


def _seen(widget: QWidget) -> QRect:
    """What is in sight of it and of what fills it: Qt counts what its children cover as hidden."""
    found = widget.visibleRegion().boundingRect()
    for child in widget.children():
        if isinstance(child, QWidget) and child.isVisible() and not child.isWindow():
            found = found.united(_seen(child).translated(child.pos()))
    return found


def _scroller(widget: QWidget) -> QScrollArea | None:
    return next((above for above in _above(widget) if isinstance(above, QScrollArea)), None)


def _any(name: str) -> QWidget | None:
    """The widget of this name, shown or not."""
    for top in QApplication.topLevelWidgets():
        found = top if top.objectName() == name else top.findChild(QWidget, name)
        if found is not None:
            return found
    return None


def picture(path: str) -> bool:
    """What the X server shows of the window and of the dialogs over it, written as a file."""
    window = main_window()
    assert window is not None
    whole = window.screen().grabWindow(0)
    ratio = window.devicePixelRatioF()
    area = window.frameGeometry()
    for top in QApplication.topLevelWidgets():
        if top.isVisible() and top is not window:
            area = area.united(top.frameGeometry())
    corner = area.topLeft()
    image = whole.copy(*(round(value * ratio) for value in (corner.x(), corner.y(), area.width(), area.height())))
    image.setDevicePixelRatio(1)
    return image.save(path)
