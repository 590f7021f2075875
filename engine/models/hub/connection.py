"""How the network is reached: a mirror, a proxy, a certificate authority of one's own; by the standard library alone.

huggingface_hub would come with transformers, yet not with the light installation; it takes proxies and certificates
from the environment of its own client only, cannot be cancelled between two blocks, and compares sizes, not hashes.
"""

from __future__ import annotations

import http.client
import importlib
import ssl
import urllib.error
import urllib.request
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import engine
from engine.contract.errors import EngineError, InputError, ResourceError

HUB = "https://huggingface.co"
SECONDS = 20.0
"""Without an answer for so long, a connection counts as dropped."""
BY_HAND = "Or bring the model's folder from another computer and import it."


@dataclass(frozen=True, slots=True)
class Access:
    """`proxy` as http://host:port (with user:password@ where it asks for them), "none" for no proxy at all.

    `ca_file`: a PEM file with the authority of a network that looks into its traffic. Empty: as the system says.
    """

    mirror: str = ""
    proxy: str = ""
    ca_file: str = ""

    @property
    def base(self) -> str:
        """The hub's address without a slash at its end. Raises InputError for what is no address."""
        base = (self.mirror or HUB).rstrip("/")
        if urlsplit(base).scheme not in ("https", "http") or not urlsplit(base).hostname:
            raise InputError(f"{base!r} is no address of a hub.", hint="Write it as https://host.", field="mirror")
        return base

    def opener(self) -> urllib.request.OpenerDirector:
        """Raises InputError for a proxy or certificate file that cannot be used."""
        handlers: list[Any] = [urllib.request.HTTPSHandler(context=_context(self.ca_file)), _Redirects()]
        if self.proxy:
            handlers.append(urllib.request.ProxyHandler(_proxies(self.proxy)))
        made = urllib.request.build_opener(*handlers)
        made.addheaders = [("User-Agent", f"tunevlseg/{engine.__version__}")]
        return made


def _proxies(proxy: str) -> dict[str, str]:
    if proxy == "none":
        return {}
    whole = proxy if "://" in proxy else f"http://{proxy}"
    parts = urlsplit(whole)
    try:
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable:
        raise InputError(
            "The proxy's address cannot be used.", hint="Write it as http://host:port, or none.", field="proxy"
        )
    return {"http": whole, "https": whole}


def _context(ca_file: str) -> ssl.SSLContext:
    """The system's authorities, and one's own beside them."""
    context = ssl.create_default_context()
    if not ca_file and not context.cert_store_stats()["x509_ca"]:
        # Python from python.org on macOS knows no authority; what comes with transformers does.
        with suppress(ModuleNotFoundError):
            context.load_verify_locations(importlib.import_module("certifi").where())
    if ca_file:
        try:
            context.load_verify_locations(str(Path(ca_file).expanduser()))
        except (OSError, ssl.SSLError) as error:
            raise InputError(
                f"{ca_file} holds no certificate that can be used: {getattr(error, 'strerror', None) or error}.",
                hint="Give a PEM file (BEGIN CERTIFICATE) from whoever runs your network.",
                field="ca_file",
            ) from error
    return context


class _Redirects(urllib.request.HTTPRedirectHandler):
    """The hub sends large files from other hosts; a redirect out of encryption is not followed."""

    max_redirections = 5

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        if req.full_url.startswith("https:") and not newurl.startswith("https:"):
            raise urllib.error.URLError("a redirect leads out of the encrypted connection")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


DROPPED = (
    urllib.error.URLError,
    http.client.HTTPException,
    ConnectionError,
    TimeoutError,
    ssl.SSLError,
)
"""What a connection that fails or ends early raises."""


def in_words(error: BaseException, url: str) -> EngineError:
    """What a failed connection means for a person; `url` is only named by its host."""
    host = urlsplit(url).hostname or url
    if isinstance(error, urllib.error.HTTPError):
        return _status_in_words(error.code, host)
    reason = getattr(error, "reason", error)
    if isinstance(reason, ssl.SSLCertVerificationError):
        return ResourceError(
            f"{host} shows a certificate that this computer does not trust: {reason.verify_message}.",
            hint=f"Where a network looks into its traffic, give its certificate (--ca FILE). {BY_HAND}",
        )
    said = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
    return ResourceError(
        f"{host} cannot be reached: {said}.",
        hint=f"Check the network and the proxy (--proxy); what was fetched is kept, so try again. {BY_HAND}",
    )


def _status_in_words(code: int, host: str) -> EngineError:
    if code == 407:
        return ResourceError(
            "The proxy asks for a name and a password.",
            hint=f"Write it as http://name:password@host:port. {BY_HAND}",
            field="proxy",
        )
    if code in (401, 403):
        return ResourceError(f"{host} does not give this model out without an account ({code}).", hint=BY_HAND)
    if code == 404:
        return ResourceError(f"{host} does not have this model (404).", hint=f"It may have moved. {BY_HAND}")
    return ResourceError(f"{host} answers with an error ({code}).", hint=f"Try again later. {BY_HAND}")
