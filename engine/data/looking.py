"""Opens the cases of a dataset one after another, several at a time where that is faster, in their order."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from typing import TypeVar

from engine.data.readers.base import Case
from engine.volumes.guarded_reader import GuardedReader, served_by

T = TypeVar("T")

_FEWEST = 64  # cases, below which starting further readers costs more than it saves
_MOST_THREADS = 4
_WAITING = 3  # results a thread
_PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".gif", ".webp", ".pgm", ".ppm")


def look(cases: Sequence[Case], open_one: Callable[[int, Case], T]) -> Iterator[T]:
    """`open_one(number, case)` of every case, in order; what it raises is raised here.

    Pictures are opened by a few threads, each with a reader of its own, and a few results wait for their turn: memory
    does not grow with the dataset. Volumes are opened one by one, since one may fill much of it.
    """
    threads = min(_MOST_THREADS, os.cpu_count() or 1)
    small = all(case.image.name.lower().endswith(_PICTURES) for case in cases)
    if threads < 2 or len(cases) < _FEWEST or not small:
        for number, case in enumerate(cases):
            yield open_one(number, case)
        return
    with ExitStack() as readers:
        mine = threading.local()
        entering = threading.Lock()

        def opened(number: int, case: Case) -> T:
            if not hasattr(mine, "reader"):
                mine.reader = GuardedReader()
                with entering:
                    readers.callback(mine.reader.close)
            with served_by(mine.reader):
                return open_one(number, case)

        with ThreadPoolExecutor(threads, thread_name_prefix="looking") as pool:
            waiting: deque[Future[T]] = deque()
            try:
                for number, case in enumerate(cases):
                    waiting.append(pool.submit(opened, number, case))
                    if len(waiting) >= _WAITING * threads:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                # After a cancel nobody wants what is still to do.
                pool.shutdown(wait=True, cancel_futures=True)
