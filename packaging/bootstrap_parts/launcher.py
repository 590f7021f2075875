"""The program in the user's menu: a desktop entry (Linux), a Start-menu shortcut (Windows), an app folder (macOS)."""

from __future__ import annotations

import os
import plistlib
import shutil
import subprocess
import sys
from pathlib import Path

from bootstrap_parts.terminal import Problem, run_told

NAME = "TuneVLSeg Desktop"
ENTRY = "tunevlseg.desktop"
ICON = "tunevlseg.svg"


def install_launcher(root: Path, program: Path) -> list[Path]:
    """Write the menu entry for `program`; returns the files written. May be repeated."""
    if sys.platform == "win32":
        return [_start_menu_shortcut(program)]
    if sys.platform == "darwin":
        return [_app_folder(program)]
    return _desktop_entry(root / "resources", program)


def exec_value(program: Path) -> str:
    """A path as the Exec key wants it: quoted, with its special letters escaped twice (by the key, by the quotes)."""
    text = str(program).replace("\\", "\\\\")
    for letter in ('"', "`", "$"):
        text = text.replace(letter, f"\\{letter}")
    text = text.replace("\\", "\\\\").replace("%", "%%")
    return f'"{text}"'


def _desktop_entry(resources: Path, program: Path) -> list[Path]:
    data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    icon = data / "icons" / "hicolor" / "scalable" / "apps" / ICON
    entry = data / "applications" / ENTRY
    icon.parent.mkdir(parents=True, exist_ok=True)
    entry.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(resources / "icons" / ICON, icon)
    text = (resources / "launcher" / ENTRY).read_text(encoding="utf-8")
    text = text.replace("@EXEC@", exec_value(program)).replace("@TRY_EXEC@", str(program)).replace("@ICON@", str(icon))
    beside = entry.with_suffix(".part")
    beside.write_text(text, encoding="utf-8")
    beside.chmod(0o755)  # file managers start an entry by double click only if it may be executed
    os.replace(beside, entry)
    if shutil.which("update-desktop-database"):
        run_told(["update-desktop-database", str(entry.parent)], tell=())
    return [entry, icon]


def _start_menu_shortcut(program: Path) -> Path:
    menu = Path(os.environ["APPDATA"]) / "Microsoft" / "Windows" / "Start Menu" / "Programs"
    link = menu / f"{NAME}.lnk"

    def literal(path: Path) -> str:
        return "'" + str(path).replace("'", "''") + "'"

    script = (
        f"$s = (New-Object -ComObject WScript.Shell).CreateShortcut({literal(link)}); "
        f"$s.TargetPath = {literal(program)}; $s.WorkingDirectory = {literal(Path.home())}; $s.Save()"
    )
    done = subprocess.run(["powershell", "-NoProfile", "-Command", script], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Problem("The Start-menu shortcut could not be made.", hint=f"Start the program itself: {program}")
    return link


def _app_folder(program: Path) -> Path:
    app = Path.home() / "Applications" / f"{NAME}.app"
    inside = app / "Contents" / "MacOS"
    inside.mkdir(parents=True, exist_ok=True)
    starter = inside / "tunevlseg-gui"
    quoted = str(program).replace("'", "'\\''")
    starter.write_text(f"#!/bin/sh\nexec '{quoted}' \"$@\"\n", encoding="utf-8")
    starter.chmod(0o755)
    about = {
        "CFBundleName": NAME,
        "CFBundleIdentifier": "tunevlseg.desktop",
        "CFBundleExecutable": starter.name,
        "CFBundlePackageType": "APPL",
        "NSHighResolutionCapable": True,
    }
    (app / "Contents" / "Info.plist").write_bytes(plistlib.dumps(about))
    return app
