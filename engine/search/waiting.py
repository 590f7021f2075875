"""A database that is gone for a while: a worker waits for it and goes on, instead of losing the run that it tunes.

Each call of Optuna's storage is tried again while the database does not answer. A call that was carried out and whose
answer was lost harms nothing: attributes and values are written twice alike, an ending that is there already is
refused, and a trial that nobody knows to be his is one whose lease never beats.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Final

from optuna.distributions import BaseDistribution
from optuna.exceptions import StorageInternalError
from optuna.storages import BaseStorage
from optuna.study import StudyDirection
from optuna.study._frozen import FrozenStudy
from optuna.trial import FrozenTrial, TrialState

from engine.contract.control import CancelToken
from engine.contract.errors import ResourceError

PATIENCE_S: Final = 600.0
"""How long a worker waits for a database."""
ROUND_S: Final = 0.1
TRY_S: Final = 1.0


def is_absence(error: BaseException) -> bool:
    """Whether the database did not answer, rather than refuse what it was asked."""
    from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError  # journals do without

    cause = error.__cause__ if isinstance(error, StorageInternalError) else error
    if isinstance(cause, OperationalError | InterfaceError):
        return True
    return isinstance(cause, DBAPIError) and cause.connection_invalidated


class WaitingStorage(BaseStorage):
    """Passes every call on to `inner`; `shown` is its address without a password.

    Calls raise ResourceError where the database does not answer: at once, until `wait_for` makes them wait (at most
    PATIENCE_S, and then never again).
    """

    def __init__(self, inner: BaseStorage, shown: str, end: Callable[[], None] = lambda: None) -> None:
        self._inner, self._shown = inner, shown
        self.close = end
        """Ends the connections; whatever is asked afterwards makes others."""
        self._tell: Callable[[str, str], None] | None = None
        self._cancel = CancelToken()
        self._patience = PATIENCE_S
        self._lock = threading.Lock()
        self._gone = False
        self._given_up = False
        self._thread = threading.local()
        self.absences = 0
        """How often the database was gone so far: meanwhile nobody's heartbeat could be seen."""

    def wait_for(
        self, tell: Callable[[str, str], None], cancel: CancelToken, patience: float | None = None
    ) -> AbstractContextManager[None]:
        """From now on calls wait. `tell` hears a sentence and its level once for each absence and once for its end; a
        cancel ends the waiting with Cancelled."""
        self._patience = PATIENCE_S if patience is None else patience
        self._cancel, self._tell = cancel, tell
        return self._waiting()

    @contextmanager
    def _waiting(self) -> Iterator[None]:
        try:
            yield
        finally:
            self._tell = None

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """On this thread, calls do not wait."""
        self._thread.hurries = True
        try:
            yield
        finally:
            self._thread.hurries = False

    def _ask(self, call: Callable[..., Any], *arguments: Any, **more: Any) -> Any:
        end = time.monotonic() + self._patience
        while True:
            try:
                answer = call(*arguments, **more)
            except Exception as error:
                if not is_absence(error):
                    raise
                self._missed()
                waits = self._tell is not None and not getattr(self._thread, "hurries", False)
                if not waits or self._given_up or time.monotonic() > end:
                    self._given_up = self._given_up or waits
                    raise self._absent(error) from None
            else:
                self._answered()
                return answer
            again = time.monotonic() + TRY_S
            while time.monotonic() < again:
                self._cancel.check()
                time.sleep(ROUND_S)

    def _absent(self, error: Exception) -> ResourceError:
        cause = error.__cause__ or error
        return ResourceError(
            f"The study's storage does not answer: {self._shown} ({type(cause).__name__}).",
            hint="See that the database runs and can be reached, then start the same command again: "
            "what had ended is kept, and runs go on after their last epoch.",
            field="storage",
        )

    def _missed(self) -> None:
        with self._lock:
            first, self._gone = not self._gone, True
            self.absences += first
        if first and self._tell:
            minutes = f"{self._patience / 60:.0f} minutes" if self._patience >= 90 else f"{self._patience:.0f} s"
            self._tell(f"The study's storage does not answer; waiting for it, {minutes} at most.", "warning")

    def _answered(self) -> None:
        if not self._gone:
            return
        with self._lock:
            was, self._gone = self._gone, False
        if was and self._tell:
            self._tell("The study's storage answers again.", "info")

    # -- Optuna's storage ------------------------------------------------------------------------------------------

    def create_new_study(self, directions: Sequence[StudyDirection], study_name: str | None = None) -> int:
        return self._ask(self._inner.create_new_study, directions, study_name)  # type: ignore[no-any-return]

    def delete_study(self, study_id: int) -> None:
        self._ask(self._inner.delete_study, study_id)

    def set_study_user_attr(self, study_id: int, key: str, value: Any) -> None:
        self._ask(self._inner.set_study_user_attr, study_id, key, value)

    def set_study_system_attr(self, study_id: int, key: str, value: Any) -> None:
        self._ask(self._inner.set_study_system_attr, study_id, key, value)

    def get_study_id_from_name(self, study_name: str) -> int:
        return self._ask(self._inner.get_study_id_from_name, study_name)  # type: ignore[no-any-return]

    def get_study_name_from_id(self, study_id: int) -> str:
        return self._ask(self._inner.get_study_name_from_id, study_id)  # type: ignore[no-any-return]

    def get_study_directions(self, study_id: int) -> list[StudyDirection]:
        return self._ask(self._inner.get_study_directions, study_id)  # type: ignore[no-any-return]

    def get_study_user_attrs(self, study_id: int) -> dict[str, Any]:
        return self._ask(self._inner.get_study_user_attrs, study_id)  # type: ignore[no-any-return]

    def get_study_system_attrs(self, study_id: int) -> dict[str, Any]:
        return self._ask(self._inner.get_study_system_attrs, study_id)  # type: ignore[no-any-return]

    def get_all_studies(self) -> list[FrozenStudy]:
        return self._ask(self._inner.get_all_studies)  # type: ignore[no-any-return]

    def create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> int:
        return self._ask(self._inner.create_new_trial, study_id, template_trial)  # type: ignore[no-any-return]

    def set_trial_param(
        self, trial_id: int, param_name: str, param_value_internal: float, distribution: BaseDistribution
    ) -> None:
        self._ask(self._inner.set_trial_param, trial_id, param_name, param_value_internal, distribution)

    def get_trial_id_from_study_id_trial_number(self, study_id: int, trial_number: int) -> int:
        return self._ask(  # type: ignore[no-any-return]
            self._inner.get_trial_id_from_study_id_trial_number, study_id, trial_number
        )

    def set_trial_state_values(self, trial_id: int, state: TrialState, values: Sequence[float] | None = None) -> bool:
        return self._ask(self._inner.set_trial_state_values, trial_id, state, values)  # type: ignore[no-any-return]

    def set_trial_intermediate_value(self, trial_id: int, step: int, intermediate_value: float) -> None:
        self._ask(self._inner.set_trial_intermediate_value, trial_id, step, intermediate_value)

    def set_trial_user_attr(self, trial_id: int, key: str, value: Any) -> None:
        self._ask(self._inner.set_trial_user_attr, trial_id, key, value)

    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> None:
        self._ask(self._inner.set_trial_system_attr, trial_id, key, value)

    def get_trial(self, trial_id: int) -> FrozenTrial:
        return self._ask(self._inner.get_trial, trial_id)  # type: ignore[no-any-return]

    def get_all_trials(
        self, study_id: int, deepcopy: bool = True, states: Container[TrialState] | None = None
    ) -> list[FrozenTrial]:
        return self._ask(  # type: ignore[no-any-return]
            self._inner.get_all_trials, study_id, deepcopy=deepcopy, states=states
        )

    def remove_session(self) -> None:
        self._inner.remove_session()


def waits_for(
    storage: BaseStorage, tell: Callable[[str, str], None], cancel: CancelToken
) -> AbstractContextManager[None]:
    """`WaitingStorage.wait_for`, where the study lies in a database."""
    return storage.wait_for(tell, cancel) if isinstance(storage, WaitingStorage) else nullcontext()


def at_once(storage: BaseStorage) -> AbstractContextManager[None]:
    """For threads that must hear a cancel while the database is gone: their calls do not wait."""
    return storage.at_once() if isinstance(storage, WaitingStorage) else nullcontext()
