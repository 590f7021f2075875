"""A model hub on this machine, and a proxy in front of it: what the network does to a download, without a network."""

from __future__ import annotations

import hashlib
import json
import select
import socket
import ssl
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Manners:
    """How the hub behaves; a test changes them while it runs."""

    drop_after: int = 0  # bytes of a large file, after which the connection ends; 0: never
    drops: int = 0  # how many more times it does so
    then: int = 0  # once the drops are over, large files are answered with this status
    stall_after: int = 0  # bytes, after which nothing comes until `go_on` is set
    ranges: bool = True
    redirect: str = "/cdn"  # where files lie; "": no redirect
    status: dict[str, int] = field(default_factory=dict)  # start of a path → answer with this status
    content: dict[str, bytes] = field(default_factory=dict)  # file name → sent in place of it
    licence: str = "apache-2.0"
    page: bytes = b""  # sent in place of what the hub says of a model


class ModelHub:
    """Serves `folder` as the model `identity`; a context manager. `asked`: path and Range of every request."""

    def __init__(self, folder: Path, identity: str, certificate: Path | None = None) -> None:
        self.folder, self.identity = folder, identity
        self.manners = Manners()
        self.asked: list[tuple[str, str]] = []
        self.go_on = threading.Event()
        self._server = _server(_HubHandler, self)
        self._scheme = "http"
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
            self._scheme = "https"

    @property
    def url(self) -> str:
        return f"{self._scheme}://localhost:{self._server.server_port}"

    @property
    def port(self) -> int:
        return self._server.server_port

    def files_asked(self) -> list[str]:
        return [path for path, _ in self.asked if "/api/" not in path]

    def about(self) -> dict[str, Any]:
        """As the hub's own answer: files that it stores by sha256, and small ones by git's hash."""
        siblings = []
        for file in sorted(path for path in self.folder.iterdir() if path.is_file()):
            content = file.read_bytes()
            row: dict[str, Any] = {"rfilename": file.name, "size": len(content)}
            row["blobId"] = hashlib.sha1(f"blob {len(content)}\0".encode() + content).hexdigest()
            if file.suffix in (".safetensors", ".bin"):
                row["lfs"] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 134}
            siblings.append(row)
        return {"sha": COMMIT, "siblings": siblings, "cardData": {"license": self.manners.licence}}

    def __enter__(self) -> ModelHub:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self.go_on.set()
        self._server.shutdown()
        self._server.server_close()


def _server(handler: type[BaseHTTPRequestHandler], owner: Any) -> ThreadingHTTPServer:
    made = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (handler,), {"owner": owner}))
    made.daemon_threads = True
    made.handle_error = lambda *_: None  # type: ignore[method-assign] # connections are meant to break
    return made


class _Quiet(BaseHTTPRequestHandler):
    owner: Any

    def log_message(self, *_: Any) -> None: ...

    def answer(self, status: int, content: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


class _HubHandler(_Quiet):
    owner: ModelHub

    def do_GET(self) -> None:
        hub, manners = self.owner, self.owner.manners
        path = unquote(urlsplit(self.path).path)
        hub.asked.append((self.path, self.headers.get("Range", "")))
        status = next((code for start, code in manners.status.items() if path.startswith(start)), 0)
        if status:
            self.answer(status)
        elif path == f"/api/models/{hub.identity}":
            self.answer(200, manners.page or json.dumps(hub.about()).encode())
        elif path.startswith(f"/{hub.identity}/resolve/{COMMIT}/") and manners.redirect:
            target = manners.redirect if "://" in manners.redirect else hub.url + manners.redirect
            self.answer(302, Location=f"{target}/{path.rpartition('/')[2]}")
        elif path.startswith(("/cdn/", f"/{hub.identity}/resolve/{COMMIT}/")):
            self._file(path.rpartition("/")[2])
        else:
            self.answer(404)

    def _file(self, name: str) -> None:
        hub, manners = self.owner, self.owner.manners
        large = name.endswith((".safetensors", ".bin"))
        if large and manners.then and not manners.drops:
            self.answer(manners.then)
            return
        content = manners.content.get(name) or (hub.folder / name).read_bytes()
        asked = self.headers.get("Range", "")
        begin = int(asked.removeprefix("bytes=").rstrip("-")) if asked and manners.ranges else 0
        if begin >= len(content) and asked:
            self.answer(416)
            return
        self.send_response(206 if asked and manners.ranges else 200)
        if asked and manners.ranges:
            self.send_header("Content-Range", f"bytes {begin}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - begin))
        self.end_headers()
        if large and manners.drops and manners.drop_after:
            manners.drops -= 1
            self.wfile.write(content[begin : begin + manners.drop_after])
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
        elif large and manners.stall_after:
            self.wfile.write(content[begin : begin + manners.stall_after])
            self.wfile.flush()
            hub.go_on.wait(30)
        else:
            self.wfile.write(content[begin:])


class Proxy:
    """Passes requests on, for whatever host, to one port of this machine; `asked`: what it was asked for."""

    def __init__(self, to_port: int, password: str = "") -> None:
        self.to_port, self.password = to_port, password
        self.asked: list[str] = []
        self._server = _server(_ProxyHandler, self)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Proxy:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()


class _ProxyHandler(_Quiet):
    owner: Proxy

    def _allowed(self) -> bool:
        self.owner.asked.append(self.path)
        if self.owner.password and self.headers.get("Proxy-Authorization") != f"Basic {self.owner.password}":
            self.answer(407, Proxy_Authenticate="Basic")
            return False
        return True

    def do_GET(self) -> None:
        if not self._allowed():
            return
        parts = urlsplit(self.path)
        with socket.create_connection(("127.0.0.1", self.owner.to_port)) as onward:
            lines = [f"GET {parts.path}{'?' + parts.query if parts.query else ''} HTTP/1.0", f"Host: {parts.netloc}"]
            lines += [f"Range: {self.headers['Range']}"] if "Range" in self.headers else []
            onward.sendall("\r\n".join([*lines, "", ""]).encode())
            while block := onward.recv(65536):
                self.wfile.write(block)

    def do_CONNECT(self) -> None:
        if not self._allowed():
            return
        with socket.create_connection(("127.0.0.1", self.owner.to_port)) as onward:
            self.send_response(200)
            self.end_headers()
            self.wfile.flush()
            both = (self.connection, onward)
            while True:
                for ready in select.select(both, [], [], 10)[0]:
                    block = ready.recv(65536)
                    if not block:
                        return
                    both[1 - both.index(ready)].sendall(block)
