"""Where a study lies: a journal file in its folder, SQLite, or any database that Optuna takes.

Optuna's storage holds the truth about a study; `optuna-dashboard` opens it unchanged.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import optuna
from optuna.storages import BaseStorage, RDBStorage, get_storage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock, JournalFileSymlinkLock, JournalStorage

from engine.contract.errors import EngineError, InputError, ResourceError
from engine.contract.whole_file import told
from engine.search.journal_reading import read_journal
from engine.search.waiting import WaitingStorage

JOURNAL = "study.journal"


def open_storage(reference: str, folder: Path, *, reading: bool = False) -> BaseStorage:
    """`reference`: "" for the journal in `folder`, the path of a journal file, or a database's URL.

    `reading`: nothing will be written; trials are then read in bulk, or what is new of a journal that was read before.

    Raises InputError for an address that is none or a damaged file, ResourceError where the database does not answer.
    Passwords in an address are never repeated in a message.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        if "://" in reference:
            return _database(reference, reading=reading)
        return _journal(Path(reference) if reference else folder / JOURNAL, reading=reading)
    except EngineError:
        raise
    except ModuleNotFoundError as error:
        raise ResourceError(
            f"{without_password(reference)} needs the package {error.name}, which is not installed.",
            hint=f"Install it: pip install {_driver(str(error.name))}.",
            field="storage",
        ) from None
    except Exception as error:  # noqa: BLE001 - each database has errors of its own; they may repeat the password
        raise ResourceError(
            f"The study's storage cannot be opened: {without_password(reference)} ({type(error).__name__}).",
            hint="Check the address, that the database runs, and that you may write to it.",
            field="storage",
        ) from None


def _database(reference: str, *, reading: bool) -> BaseStorage:
    from engine.search.bulk_reading import ReadingStorage, can_read  # brings SQLAlchemy, which a journal does without

    address = with_driver(reference)
    database = RDBStorage(address, engine_kwargs=_engine_settings(address))
    if reading and can_read(database):
        return ReadingStorage(database, without_password(reference))
    # Optuna's cache keeps trials that have ended, so that a proposal does not read all of them anew.
    return WaitingStorage(get_storage(database), without_password(reference), database.engine.dispose)


def with_driver(reference: str) -> str:
    """`postgresql://` and `postgres://` name psycopg 3, which comes with the extra `cluster`; the rest stays."""
    scheme, mark, rest = reference.partition("://")
    return f"postgresql+psycopg{mark}{rest}" if scheme in ("postgresql", "postgres") else reference


def _engine_settings(address: str) -> dict[str, Any]:
    """A connection that died is noticed before it is used, and a machine that is gone within a minute."""
    if not address.startswith("postgresql"):
        return {}
    alive = {"keepalives_idle": 20, "keepalives_interval": 10, "keepalives_count": 3, "tcp_user_timeout": 60_000}
    # A worker holds one connection; a second one is open while both of its threads ask.
    return {"pool_pre_ping": True, "pool_size": 1, "connect_args": {"connect_timeout": 10, **alive}}


def _driver(module: str) -> str:
    return {"psycopg2": "psycopg2-binary", "psycopg": "'psycopg[binary]'", "MySQLdb": "mysqlclient"}.get(module, module)


def _journal(path: Path, *, reading: bool) -> BaseStorage:
    if not reading:
        with told(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            _drop_half_line(path)
    try:
        if reading and path.is_file():
            return read_journal(path.resolve())
        return JournalStorage(JournalFileBackend(str(path), lock_obj=_lock(path)))
    except (ValueError, KeyError) as error:
        raise InputError(
            f"{path} is not a study, or is damaged: {error}.",
            hint="Choose another study; the runs in its folder are whole.",
            field="storage",
        ) from None


def _drop_half_line(path: Path) -> None:
    """A machine that lost power may leave half a line at the end, on which Optuna would stumble at the next one."""
    if not path.is_file():
        return
    if _ends_whole(path):
        return
    lock = _lock(path)
    lock.acquire()  # another worker may be writing that line at this moment
    try:
        _cut(path)
    finally:
        lock.release()


def _ends_whole(path: Path) -> bool:
    with path.open("rb") as lines:
        if lines.seek(0, 2) == 0:
            return True
        lines.seek(-1, 2)
        return lines.read() == b"\n"


def _lock(path: Path) -> JournalFileOpenLock | JournalFileSymlinkLock:
    """The lock that Optuna's journal takes for each write: links need rights of their own on Windows."""
    return JournalFileOpenLock(str(path)) if os.name == "nt" else JournalFileSymlinkLock(str(path))


def _cut(path: Path) -> None:
    with path.open("r+b") as lines:
        size = lines.seek(0, 2)
        lines.seek(max(0, size - 65536))
        tail = lines.read()
        if tail and not tail.endswith(b"\n"):
            lines.truncate(size - len(tail) + tail.rfind(b"\n") + 1)


def without_password(reference: str) -> str:
    """The address as it may be shown and kept: passwords come from the user's own means (PGPASSWORD, ~/.pgpass)."""
    if "://" not in reference:
        return reference
    parts = urlsplit(reference)
    if parts.password is None:
        return reference  # not put together anew: that takes slashes from sqlite:////folder
    name, _, host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{name.partition(':')[0]}@{host}"))
