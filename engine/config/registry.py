"""Name → class, filled by importing every file of one package; twins are refused, near misses are suggested."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

from engine.contract.errors import UnknownName

T = TypeVar("T")
C = TypeVar("C", bound=type[Any])


class Registry(Generic[T]):
    """The things of one kind; `package`, whose files register themselves, is imported on first use."""

    def __init__(self, kind: str, package: str) -> None:
        self.kind = kind
        self._package = package
        self._classes: dict[str, type[T]] = {}
        self._loaded = False

    def register(self, name: str) -> Callable[[C], C]:
        """Class decorator; raises ValueError for a name that is taken."""

        def add(cls: C) -> C:
            known = self._classes.get(name)
            if known is not None and known.__qualname__ != cls.__qualname__:
                raise ValueError(f"two {self.kind}s are called {name!r}")
            self._classes[name] = cls
            return cls

        return add

    def _load(self) -> None:
        if self._loaded:
            return
        self._loaded = True
        package = importlib.import_module(self._package)
        for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda found: found.name):
            importlib.import_module(f"{self._package}.{module.name}")

    def get(self, name: str, *, field: str | None = None) -> type[T]:
        """The class; raises UnknownName with the nearest names."""
        self._load()
        if name in self._classes:
            return self._classes[name]
        near = difflib.get_close_matches(str(name), self._classes, n=1)
        hint = f"Did you mean {near[0]!r}? " if near else ""
        raise UnknownName(
            f"There is no {self.kind} called {name!r}.", hint=f"{hint}Known: {', '.join(self.names())}.", field=field
        )

    def names(self) -> list[str]:
        self._load()
        return sorted(self._classes)

    def __iter__(self) -> Iterator[tuple[str, type[T]]]:
        self._load()
        return iter(sorted(self._classes.items()))
