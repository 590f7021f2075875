"""Settings survive restarts, old versions, damage and a full disk."""

from __future__ import annotations

import json

from tunevlseg_gui.settings import store
from tunevlseg_gui.settings.model import MOST_RECENT, NetworkSettings, ViewerSettings, WindowSettings


def test_what_is_saved_is_loaded() -> None:
    settings = WindowSettings(theme="dark", notice_seen=True)
    settings.remember("/data/polyps", "dataset", "polyps")
    store.save(settings)
    assert store.load() == settings


def test_the_newest_project_comes_first_and_ten_stay() -> None:
    settings = WindowSettings()
    for number in [*range(12), 5]:
        settings.remember(f"/data/{number}", "dataset", str(number))
    assert len(settings.recent) == MOST_RECENT
    assert [recent.title for recent in settings.recent[:3]] == ["5", "11", "10"]


def test_version_1_is_migrated() -> None:
    store.settings_file().parent.mkdir(parents=True, exist_ok=True)
    store.settings_file().write_text(json.dumps({"version": 1, "theme": "light", "recent": ["/data/a"]}))
    loaded = store.load()
    assert loaded.theme == "light"
    assert (loaded.recent[0].path, loaded.recent[0].kind) == ("/data/a", "dataset")


def test_a_damaged_or_newer_file_is_set_aside_not_lost() -> None:
    path = store.settings_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    for text in ('{"version": 2, "rec', json.dumps({"version": 99})):
        path.write_text(text)
        assert store.load() == WindowSettings()
        assert path.with_name("settings.old.json").read_text() == text
        assert not path.exists()


def test_a_folder_that_cannot_be_written_costs_no_crash() -> None:
    store.settings_file().parent.parent.mkdir(parents=True, exist_ok=True)
    store.settings_file().parent.write_text("a file where the folder should be")
    store.save(WindowSettings())


def test_how_scans_are_looked_at_is_kept() -> None:
    viewer = ViewerSettings("zoom", neurological=True, three_planes=True, keys={"whole": ["Q"]}, phrases=["liver"])
    store.save(WindowSettings(viewer=viewer))
    assert store.load().viewer == viewer


def test_settings_of_before_have_the_usual_keys() -> None:
    store.settings_file().parent.mkdir(parents=True, exist_ok=True)
    store.settings_file().write_text(json.dumps({"version": 2, "theme": "dark", "recent": []}))
    assert store.load().viewer == ViewerSettings()


def test_how_the_network_is_reached_is_kept() -> None:
    known = NetworkSettings("http://proxy:8080", "/etc/own.pem", "https://mirror")
    store.save(WindowSettings(network=known))
    assert store.load().network == known


def test_windows_that_were_kept_come_back_and_impossible_ones_are_left_out() -> None:
    store.save(WindowSettings(viewer=ViewerSettings(ras=True, windows={"Thymus": (33.0, 222.0), "none": (0.0, 0.0)})))
    kept = store.load().viewer
    assert (kept.ras, kept.windows) == (True, {"Thymus": (33.0, 222.0)})
