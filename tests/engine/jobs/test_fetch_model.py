"""Fetching base weights from a hub on this machine: whole or not at all, whatever the network does."""

from __future__ import annotations

import base64
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.contract.control import CancelToken
from engine.contract.errors import Cancelled, DiskFull, InputError, ResourceError, RunBusy, UnknownName
from engine.contract.events import Event, Log, Progress
from engine.contract.jobs import FetchModel
from engine.jobs import fetch_model
from engine.models.known import known_model, known_models
from engine.models.weights import find_weights, list_weights
from engine.recipe import make_recipe
from engine.runs.folders import models_folder
from tests.fakes.model_hub import ModelHub, Proxy

ID = "CIDAS/clipseg-rd64-refined"
NAME = "clipseg-rd64-refined"


@pytest.fixture
def hub(tiny_weights: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelHub]:
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("no_proxy", "")
    with ModelHub(tiny_weights, ID) as served:
        yield served


def fetch(hub: ModelHub, told: list[Event] | None = None, cancel: CancelToken | None = None, **given: Any) -> Any:
    job = FetchModel(ID, **{"mirror": hub.url, **given})
    emit = (told if told is not None else []).append
    return fetch_model.run(job, emit, cancel or CancelToken(), "job", pause=0.01)


def nothing_is_installed() -> bool:
    return not any(weights.id not in ("starter", "starter-cris") for weights in list_weights())


def test_what_is_fetched_is_installed_and_known_by_both_names(hub: ModelHub, tiny_weights: Path) -> None:
    told: list[Event] = []
    result = fetch(hub, told)
    assert (result["id"], result["model"], result["licence"]) == (NAME, "clipseg", "apache-2.0")
    installed = models_folder() / NAME
    assert (installed / "model.safetensors").read_bytes() == (tiny_weights / "model.safetensors").read_bytes()
    assert {file.name for file in installed.iterdir()} <= {file.name for file in tiny_weights.iterdir()}
    assert [path.name for path in models_folder().iterdir()] == [NAME]
    assert find_weights(ID).id == find_weights(NAME).id == NAME
    recipe = {"data": {"folder": "."}, "model": {"name": "clipseg", "weights": ID}, "strategy": {"name": "vpt"}}
    assert make_recipe({**recipe, "strategy": {"name": "vpt", "prompt_depth": 1}}).model.sha256 == result["sha256"]


def test_the_licence_is_told_before_anything_is_asked(hub: ModelHub) -> None:
    asked_then: list[int] = []
    first: list[Event] = []

    def emit(event: Event) -> None:
        first.append(event)
        asked_then.append(len(hub.asked))

    fetch_model.run(FetchModel(ID, mirror=hub.url), emit, CancelToken(), "job")
    assert isinstance(first[0], Log)
    assert "licence apache-2.0" in first[0].message
    assert asked_then[0] == 0


def test_another_licence_than_the_list_names_is_told(hub: ModelHub) -> None:
    hub.manners.licence = "cc-by-nc-4.0"
    told: list[Event] = []
    assert fetch(hub, told)["licence"] == "cc-by-nc-4.0"
    assert any(isinstance(event, Log) and event.level == "warning" and "cc-by-nc" in event.message for event in told)


def test_a_dropped_connection_goes_on_where_it_ended(hub: ModelHub, tiny_weights: Path) -> None:
    size = (tiny_weights / "model.safetensors").stat().st_size
    hub.manners.drop_after, hub.manners.drops = size // 3, 2
    told: list[Event] = []
    fetch(hub, told)
    ranges = [asked for path, asked in hub.asked if path.startswith("/cdn/model.safetensors")]
    assert ranges[0] == ""
    assert [asked.startswith("bytes=") for asked in ranges[1:]] == [True, True]
    assert int(ranges[1].strip("bytes=-")) == size // 3
    done = [event.done for event in told if isinstance(event, Progress)]
    assert done == sorted(done)


def test_a_server_without_ranges_sends_all_of_it_again(hub: ModelHub, tiny_weights: Path) -> None:
    hub.manners.drop_after, hub.manners.drops, hub.manners.ranges = 1000, 1, False
    fetch(hub)
    whole = (tiny_weights / "model.safetensors").read_bytes()
    assert (models_folder() / NAME / "model.safetensors").read_bytes() == whole


def test_a_network_that_gives_up_keeps_what_is_here_for_the_next_call(hub: ModelHub) -> None:
    hub.manners.drop_after, hub.manners.drops, hub.manners.then = 1000, 1, 503
    known = known_model(ID)
    with pytest.raises(ResourceError, match="answers with an error"):
        fetch(hub)
    assert (known.begun / "model.safetensors.part").stat().st_size >= 1000
    assert known.row()["megabytes_here"] > 0
    assert nothing_is_installed()
    hub.manners.then, before = 0, len(hub.asked)
    fetch(hub)
    again = [asked for path, asked in hub.asked[before:] if "model.safetensors" in path and path.startswith("/cdn")]
    assert len(again) == 1
    assert again[0].startswith("bytes=")
    assert not any("config.json" in path for path, _ in hub.asked[before:])  # whole already


def test_a_wrong_checksum_installs_nothing_and_keeps_nothing(hub: ModelHub, tiny_weights: Path) -> None:
    whole = (tiny_weights / "model.safetensors").read_bytes()
    hub.manners.content = {"model.safetensors": whole[:-1] + bytes([whole[-1] ^ 1])}
    with pytest.raises(ResourceError, match="another content than the hub names"):
        fetch(hub)
    assert nothing_is_installed()
    assert not list(known_model(ID).begun.glob("model.safetensors*"))
    hub.manners.content = {}
    assert fetch(hub)["id"] == NAME


def test_a_small_file_is_checked_too(hub: ModelHub, tiny_weights: Path) -> None:
    whole = (tiny_weights / "config.json").read_bytes()
    hub.manners.content = {"config.json": whole.replace(b"{", b" ", 1)}
    with pytest.raises(ResourceError, match=r"config\.json arrived with another content"):
        fetch(hub)
    assert nothing_is_installed()


def test_a_file_that_changed_on_the_hub_is_begun_anew(hub: ModelHub, tiny_weights: Path, tmp_path: Path) -> None:
    hub.manners.drop_after, hub.manners.drops, hub.manners.then = 1000, 1, 403
    with pytest.raises(ResourceError):
        fetch(hub)
    changed = tmp_path / "changed"
    shutil.copytree(tiny_weights, changed)
    weights = changed / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4] + b"\0\0\0\1")
    hub.folder, hub.manners.then = changed, 0
    before = len(hub.asked)
    fetch(hub)
    assert (models_folder() / NAME / "model.safetensors").read_bytes() == weights.read_bytes()
    assert all(asked == "" for path, asked in hub.asked[before:] if "model.safetensors" in path)


def test_a_cancel_is_heard_within_a_second_and_what_is_here_is_kept(hub: ModelHub) -> None:
    hub.manners.stall_after = 2000
    cancel, known = CancelToken(), known_model(ID)
    part = known.begun / "model.safetensors.part"
    heard: list[float] = []

    def leave() -> None:
        while not (part.exists() and part.stat().st_size >= 2000):
            time.sleep(0.01)
        heard.append(time.monotonic())
        cancel.cancel()

    threading.Thread(target=leave, daemon=True).start()
    with pytest.raises(Cancelled):
        fetch(hub, cancel=cancel)
    assert time.monotonic() - heard[0] < 1.0
    assert nothing_is_installed()
    size = part.stat().st_size
    hub.go_on.set()  # the connection that was left goes on: nobody may write any more
    hub.manners.stall_after = 0
    assert part.stat().st_size == size
    fetch(hub)
    assert any(asked == f"bytes={size}-" for _, asked in hub.asked)


def test_a_hub_that_does_not_answer_hears_a_cancel(hub: ModelHub, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections, says nothing
        cancel = CancelToken()
        threading.Timer(0.2, cancel.cancel).start()
        began = time.monotonic()
        with pytest.raises(Cancelled):
            fetch(hub, cancel=cancel, mirror=f"http://127.0.0.1:{silent.getsockname()[1]}")
        assert time.monotonic() - began < 1.2


def test_what_was_fetched_can_be_thrown_away_without_a_network(hub: ModelHub) -> None:
    known = known_model(ID)
    known.begun.mkdir(parents=True)
    (known.begun / "model.safetensors.part").write_bytes(b"x" * 100)
    fetch(hub, discard=True)
    assert not known.begun.exists()
    assert hub.asked == []


@pytest.mark.parametrize(("status", "said"), [(401, "without an account"), (404, "does not have"), (500, "an error")])
def test_what_the_hub_answers_is_told(hub: ModelHub, status: int, said: str) -> None:
    hub.manners.status = {"/api": status}
    with pytest.raises(ResourceError, match=said) as caught:
        fetch(hub)
    assert "import it" in caught.value.hint


@pytest.mark.parametrize("page", [b"<html>log in</html>", b"[]", b'{"sha": "../x", "siblings": []}', b'{"sha": "a"}'])
def test_a_page_of_somebody_elses_is_no_listing(hub: ModelHub, page: bytes) -> None:
    hub.manners.page = page
    with pytest.raises(ResourceError, match="cannot be used"):
        fetch(hub)
    assert nothing_is_installed()


def test_only_known_files_are_asked_for(hub: ModelHub, tiny_weights: Path, tmp_path: Path) -> None:
    more = tmp_path / "more"
    shutil.copytree(tiny_weights, more)
    (more / "modeling.py").write_text("raise SystemExit")
    hub.folder = more
    fetch(hub)
    assert not any("modeling.py" in path for path in hub.files_asked())


def test_a_disk_without_room_is_told_before_the_first_byte(hub: ModelHub, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(DiskFull, match="are to be fetched"):
        fetch(hub)
    assert hub.files_asked() == []


def test_two_downloads_of_one_model_do_not_meet(hub: ModelHub) -> None:
    hub.manners.stall_after = 2000
    first = CancelToken()

    def until_cancelled() -> None:
        with pytest.raises(Cancelled):
            fetch(hub, cancel=first)

    thread = threading.Thread(target=until_cancelled, daemon=True)
    thread.start()
    part = known_model(ID).begun / "model.safetensors.part"
    while not part.exists():
        time.sleep(0.01)
    with pytest.raises(RunBusy, match="being downloaded already"):
        fetch(hub)
    first.cancel()
    thread.join(5)
    assert not thread.is_alive()


def test_what_cannot_be_fetched_says_where_it_is() -> None:
    with pytest.raises(InputError, match="only a file") as caught:
        fetch_model.run(FetchModel("CRIS-RN50"), lambda event: None, CancelToken(), "job")
    assert "github.com" in caught.value.hint
    with pytest.raises(UnknownName, match="nobody/nothing"):
        fetch_model.run(FetchModel("nobody/nothing"), lambda event: None, CancelToken(), "job")


def test_what_is_installed_is_not_fetched_again(hub: ModelHub) -> None:
    fetch(hub)
    with pytest.raises(InputError, match="installed already"):
        fetch(hub)


def test_a_proxy_is_used_for_all_of_it(hub: ModelHub) -> None:
    hub.manners.redirect = "http://cdn.invalid/cdn"  # names that only the proxy can resolve
    with Proxy(hub.port) as proxy:
        fetch(hub, mirror="http://hub.invalid", proxy=proxy.address)
        assert any("hub.invalid/api/models" in path for path in proxy.asked)
        assert any("cdn.invalid/cdn/model.safetensors" in path for path in proxy.asked)


def test_a_proxy_that_asks_for_a_password(hub: ModelHub) -> None:
    with Proxy(hub.port, base64.b64encode(b"ward:secret").decode()) as proxy:
        with pytest.raises(ResourceError, match="name and a password") as caught:
            fetch(hub, mirror="http://hub.invalid", proxy=proxy.address)
        assert caught.value.field == "proxy"
        fetch(hub, mirror="http://hub.invalid", proxy=f"http://ward:secret@{proxy.address}")


def test_a_proxy_that_is_not_there_is_told_without_its_password(hub: ModelHub) -> None:
    with pytest.raises(ResourceError) as caught:
        fetch(hub, mirror="http://hub.invalid", proxy="http://ward:secret@127.0.0.1:9")
    assert "secret" not in str(caught.value)
    for wrong in ("ftp://x:1", "http://", "http://host:99999"):
        with pytest.raises(InputError, match="proxy"):
            fetch(hub, proxy=wrong)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for localhost that only its own file vouches for."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("needs openssl to make a certificate")
    key, made = tmp_path / "key.pem", tmp_path / "made.pem"
    words = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    subprocess.run([program, *words.split(), "-keyout", str(key), "-out", str(made)], check=True, capture_output=True)
    made.write_text(made.read_text() + key.read_text())
    return made


def test_an_own_certificate_authority_through_a_tunnel(hub: ModelHub, tiny_weights: Path, certificate: Path) -> None:
    with ModelHub(tiny_weights, ID, certificate) as secret, Proxy(secret.port) as proxy:
        with pytest.raises(ResourceError, match="does not trust") as caught:
            fetch(secret)
        assert "--ca" in caught.value.hint
        fetch(secret, ca_file=str(certificate), proxy=proxy.address, mirror=f"https://localhost:{secret.port}")
        assert any(path.startswith("localhost:") for path in proxy.asked)


def test_a_file_without_a_certificate_is_told(hub: ModelHub, tiny_weights: Path) -> None:
    with pytest.raises(InputError, match="no certificate") as caught:
        fetch(hub, ca_file=str(tiny_weights / "config.json"))
    assert caught.value.field == "ca_file"


def test_a_redirect_out_of_encryption_is_not_followed(hub: ModelHub, tiny_weights: Path, certificate: Path) -> None:
    with ModelHub(tiny_weights, ID, certificate) as secret:
        secret.manners.redirect = f"{hub.url}/cdn"
        with pytest.raises(ResourceError, match="out of the encrypted connection"):
            fetch(secret, ca_file=str(certificate))
    assert hub.asked == []
    assert nothing_is_installed()


def test_the_list_names_a_licence_for_each() -> None:
    assert {known.id for known in known_models()} >= {ID, "CIDAS/clipseg-rd64", "CIDAS/clipseg-rd16", "CRIS-RN50"}
    assert all(known.licence and known.page.startswith("https://") for known in known_models())
