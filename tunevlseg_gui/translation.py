"""Words in the user's language: what is loaded, counts in words, and words that the engine gives.

Texts are found by `lupdate` (see CONTRIBUTING): `self.tr("…")` in a QObject, `translate("Context", "…")` elsewhere, and
QT_TRANSLATE_NOOP where a constant is made before there is an application; such a constant is translated at use.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, Qt, QTranslator
from PySide6.QtGui import QGuiApplication

from tunevlseg_gui.resource_paths import translations_folder

translate = QCoreApplication.translate


def counted(context: str, many: str, one: str, n: int) -> str:
    """A text with a number, such as `counted("Cases", "{n} cases", "{n} case", 1)`: "1 case".

    The translator sees `one` as a remark beside `many`, and writes as many forms as the language has.
    """
    said = translate(context, many, one, n)
    if said == many and n == 1:  # English needs no translation: it has two forms, and both are here
        said = one
    return said.replace("{n}", f"{n:,}")


def from_engine(text: str) -> str:
    """A fixed text of the engine (a setting's title or help, a stage of a job), where it is shown."""
    return translate("Engine", text) if text else ""


def from_the_right() -> bool:
    """The user's language is read from right to left."""
    return QGuiApplication.layoutDirection() == Qt.LayoutDirection.RightToLeft


def line_start() -> Qt.AlignmentFlag:
    """Where the text of a label begins.

    A label would follow its text: English words of the engine would stand at the other end of a line that is read from
    right to left.
    """
    middle = Qt.AlignmentFlag.AlignVCenter
    right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignAbsolute
    return middle | (right if from_the_right() else Qt.AlignmentFlag.AlignLeft)


def isolated(figures: str) -> str:
    """Figures with a sign or brackets, kept from left to right where everything else runs from right to left."""
    return f"\u2066{figures}\u2069" if from_the_right() else figures


def load_translations(language: str = "", folder: Path | None = None) -> list[QTranslator]:
    """Installs our translation into `language` (such as "de" or "pt_BR"; "" is the system's) and Qt's own.

    Qt's comes with ours only: buttons of another language than the text beside them help nobody, and neither does
    English that runs from right to left. Returns what was installed, which the application owns.
    """
    app = QCoreApplication.instance()
    locale = QLocale(language) if language else QLocale.system()
    if app is None:
        return []
    found = []
    places = [
        ("tunevlseg", folder or translations_folder()),
        ("qtbase", Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath))),
    ]
    for name, place in places:
        translator = QTranslator(app)
        if not translator.load(locale, name, "_", str(place), ".qm"):
            break
        app.installTranslator(translator)
        found.append(translator)
    return found
