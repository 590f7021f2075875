"""Paths that are opened, refused and remembered."""

from __future__ import annotations

from pathlib import Path

from tunevlseg_gui.main_window import MainWindow


def test_a_path_of_no_use_is_told_with_what_to_do(window: MainWindow, tmp_path: Path) -> None:
    window.open_path(tmp_path / "gone")
    assert window.banner.notice is not None
    assert "gone is not there" in window.banner.notice.message
    note = tmp_path / "notes.docx"
    note.write_text("no scan")
    window.open_path(note)
    assert "of no kind that can be opened" in window.banner.notice.message
    assert window.banner.notice.hint
