"""Errors that a person can mend: what happened, then what to do.

EngineError            message for a person, hint = the next step, field = the setting it concerns
├── InputError         ScanUnreadable · GridMismatch · DatasetIncomplete
├── RecipeError        UnknownName · OutOfRange · IncompatiblePair
├── ResourceError      NoDevice · OutOfMemory · DiskFull · WeightsMissing · WorkerLost · RunBusy
├── BundleError        NotABundle · NotAPack · WrongVersion · ParityFailed
└── Cancelled          ends a job quietly

Anything else that is raised is a bug: it ends in a crash file, not in a message.
"""

from __future__ import annotations


class EngineError(Exception):
    """A problem that the user can mend.

    `message` says what happened and where, `hint` the next step, `field` the dotted path of the
    setting concerned ("strategy.prompt_depth"), so that a form can point at it.
    """

    def __init__(self, message: str, *, hint: str = "", field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.field = field

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class InputError(EngineError):
    """A file or folder that the user gave cannot be used as it is."""


class ScanUnreadable(InputError):
    """A scan is missing, truncated, empty, of an unknown kind, or crashes its reader."""


class GridMismatch(InputError):
    """An image and its mask do not lie on the same grid."""


class DatasetIncomplete(InputError):
    """A dataset has nothing usable, or lacks what the job needs."""


class RecipeError(EngineError):
    """A recipe or a command-line setting is wrong."""


class UnknownName(RecipeError):
    """A key, strategy, model, layout or label that does not exist."""


class OutOfRange(RecipeError):
    """A value of the wrong type or outside its limits."""


class IncompatiblePair(RecipeError):
    """A strategy that the chosen model cannot take."""


class ResourceError(EngineError):
    """The machine lacks something."""


class NoDevice(ResourceError):
    """The device asked for is not there."""


class OutOfMemory(ResourceError):
    """Memory ran out."""


class DiskFull(ResourceError):
    """A file could not be written for want of space."""


class WeightsMissing(ResourceError):
    """Base weights are not installed, or are not those that the run or bundle names."""


class WorkerLost(ResourceError):
    """A worker process ended without saying why."""


class RunBusy(ResourceError):
    """Another worker holds the run."""


class BundleError(EngineError):
    """A bundle cannot be used."""


class NotABundle(BundleError):
    """A folder or file that is no bundle, or a damaged one."""


class NotAPack(BundleError):
    """A file that is no prompt pack, or a damaged one, or one that holds what a pack may not."""


class WrongVersion(BundleError):
    """A bundle or prompt pack written by a newer program."""


class ParityFailed(BundleError):
    """An exported model does not agree with the one that was tuned."""


class Cancelled(EngineError):
    """The user asked the job to stop."""

    def __init__(self, message: str = "Cancelled.") -> None:
        super().__init__(message)
