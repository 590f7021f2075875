"""Runs any job from start to its last event, whatever happens."""

from __future__ import annotations

import errno
import importlib
import os
import time
import traceback
import uuid
from typing import Any

from engine.contract import wire
from engine.contract.control import CancelToken, Emit
from engine.contract.errors import Cancelled, EngineError, InputError, ResourceError
from engine.contract.events import JobCancelled, JobFailed, JobFinished, JobStarted
from engine.contract.jobs import Job
from engine.contract.whole_file import write_text
from engine.runs.folders import logs_folder

DONE, BUG, MENDABLE, CANCELLED = 0, 1, 2, 130
"""Exit codes of the commands."""


TUNING_PACKAGES = ("torch", "transformers", "onnx", "onnxscript", "optuna", "scipy")
"""What the extra `tune` adds to the light installation."""


def new_job_id() -> str:
    return uuid.uuid4().hex[:12]


def run_job(job: Job, emit: Emit, cancel: CancelToken, job_id: str, **shared: Any) -> dict[str, Any]:
    """The job's result. Each job is a file of this package, named like its class; `shared` are caches of a worker."""
    module = importlib.import_module(f"engine.jobs.{wire.snake(type(job).__name__)}")
    result: dict[str, Any] = module.run(job, emit, cancel, job_id, **shared)
    return result


def perform(job: Job, job_id: str, emit: Emit, cancel: CancelToken, **shared: Any) -> int:
    """Emits job_started, runs the job, and emits its ending; returns the exit code."""
    kind = wire.snake(type(job).__name__)
    emit(JobStarted(job_id, kind, kind.replace("_", " ").capitalize(), pid=os.getpid()))
    try:
        result = run_job(job, emit, cancel, job_id, **shared)
    except (Cancelled, KeyboardInterrupt):
        # An interrupt comes where a library that is loading or exporting does not look at the token.
        emit(JobCancelled(job_id))
        return CANCELLED
    except EngineError as error:
        emit(failure(job_id, error))
        return MENDABLE
    except OSError as error:
        # Reaches here only where a room did not say what it was doing; a full disk is still no bug.
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS):
            where = f" ({error.filename})" if error.filename else ""
            emit(
                failure(
                    job_id, InputError(f"{error.strerror}{where}.", hint="Free some space or choose another folder.")
                )
            )
            return MENDABLE
        emit(_bug(job_id, kind, error))
        return BUG
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in TUNING_PACKAGES:
            emit(_bug(job_id, kind, error))
            return BUG
        emit(failure(job_id, _not_installed(error.name)))
        return MENDABLE
    except Exception as error:  # noqa: BLE001 - the last line of defence: every job ends with an event
        emit(_bug(job_id, kind, error))
        return BUG
    emit(JobFinished(job_id, result))
    return DONE


def _not_installed(package: str) -> ResourceError:
    """The light installation can look and segment; the rest is an extra."""
    return ResourceError(
        f"Tuning is not installed here ({package} is missing).",
        hint="Install it: python3 packaging/bootstrap.py install, or pip install 'tunevlseg[tune]'.",
    )


def failure(job_id: str, error: EngineError) -> JobFailed:
    """The event for an error that a person can mend."""
    return JobFailed(job_id, error.message, error.hint, error.field, type(error).__name__)


def _bug(job_id: str, kind: str, error: Exception) -> JobFailed:
    crash = logs_folder() / f"crash-{kind}-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.txt"
    shown: str | None
    try:
        shown = str(write_text(crash, "".join(traceback.format_exception(error))))
    except EngineError:
        shown = None
    hint = f"The details are in {shown}." if shown else "The details could not be written."
    return JobFailed(
        job_id,
        f"A bug in the program stopped this job: {type(error).__name__}: {error}",
        f"{hint} Please report it; your files were left as they were.",
        error="Bug",
        crash_file=shown,
    )
