"""What a user does with tables, tabs, menus and lists, in two ways: by the mouse, or by the keyboard alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from tests.drives.hand import Hand, StepFailed


class Way(Protocol):
    """One of Mouse and Keyboard. Whatever is named must be shown."""

    name: str

    def press(self, name: str) -> None: ...
    def tab(self, tabs: str, title: str) -> None: ...
    def row(self, table: str, at: int) -> None: ...
    def rows(self, table: str, at: Sequence[int]) -> None: ...
    def entry(self, *names: str) -> None: ...
    def choose(self, combo: str, text: str) -> None: ...
    def into(self, name: str) -> None: ...


class _Common:
    def __init__(self, hand: Hand) -> None:
        self.hand = hand

    def _table(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] | None = self.hand.ask("table", name=name)
        if found is None:
            raise StepFailed(f"The window shows no table “{name}”.")
        return found

    def _chosen(self, table: str, at: Sequence[int]) -> None:
        self.hand.wait(f"Rows {at} of “{table}” are chosen", lambda: self._table(table)["chosen"] == sorted(at))

    def _menu(self) -> dict[str, Any]:
        self.hand.wait("A menu opens", lambda: self.hand.ask("menu_entries") is not None)
        found: dict[str, Any] = self.hand.ask("menu_entries")
        return found

    def _tabs(self, name: str) -> dict[str, Any]:
        self.hand.wait(f"“{name}” is shown", lambda: self.hand.ask("tabs", name=name) is not None)
        found: dict[str, Any] = self.hand.ask("tabs", name=name)
        return found


class Mouse(_Common):
    name = "mouse"

    def press(self, name: str) -> None:
        self.hand.press(name)

    def into(self, name: str) -> None:
        self.hand.press(name)

    def tab(self, tabs: str, title: str) -> None:
        found = self._tabs(tabs)
        at = found["titles"].index(title)
        self.hand.click(_middle(found["places"][at]))
        self.hand.wait(f"“{title}” comes to the front", lambda: self._tabs(tabs)["front"] == at)

    def row(self, table: str, at: int) -> None:
        self.rows(table, [at])

    def rows(self, table: str, at: Sequence[int]) -> None:
        """The first by a click, the others with Ctrl held."""
        for number, one in enumerate(at):
            place = _middle(self._table(table)["places"][one][1])
            if number:
                self.hand.click_holding("ctrl", place)
            else:
                self.hand.click(place)
        self._chosen(table, at)

    def entry(self, *names: str) -> None:
        """Entries of menus, each but the last opening the next menu."""
        for name in names:
            self._menu()
            self.hand.wait(f"“{name}” is offered", lambda name=name: self.hand.ask("where", name=name) is not None)
            self.hand.click(_middle(self.hand.ask("where", name=name)["rect"]))

    def choose(self, combo: str, text: str) -> None:
        self.hand.choose(combo, text)


class Keyboard(_Common):
    name = "keyboard"

    def press(self, name: str) -> None:
        self.hand.wait(
            f"“{name}” can be pressed", lambda: bool((self.hand.ask("where", name=name) or {}).get("enabled"))
        )
        self.hand.tab_to(name)
        self.hand.keys("space")

    def into(self, name: str) -> None:
        self.hand.tab_to(name)

    def tab(self, tabs: str, title: str) -> None:
        found = self._tabs(tabs)
        at = found["titles"].index(title)
        if found["front"] == at:
            return
        self.hand.tab_to(found["bar"])
        way = "Right" if at > found["front"] else "Left"
        self.hand.keys(way, times=abs(at - found["front"]))
        self.hand.wait(f"“{title}” comes to the front", lambda: self._tabs(tabs)["front"] == at)

    def row(self, table: str, at: int) -> None:
        self.rows(table, [at])

    def rows(self, table: str, at: Sequence[int]) -> None:
        """The first by the arrows; the others with Ctrl held, and Ctrl+Space."""
        self.hand.tab_to(table)
        self._arrow_to(table, at[0], "")
        if self._table(table)["chosen"] != [at[0]]:
            self.hand.keys("space")
        self._chosen(table, at[:1])
        for one in at[1:]:
            self._arrow_to(table, one, "ctrl+")
            self.hand.keys("ctrl+space")
        self._chosen(table, at)

    def _arrow_to(self, table: str, row: int, held: str) -> None:
        now = self._table(table)["current"]
        if now < 0:
            self.hand.keys(f"{held}Down")
            now = self._table(table)["current"]
        if row != now:
            self.hand.keys(f"{held}{'Down' if row > now else 'Up'}", times=abs(row - now))
        self.hand.wait(f"Row {row} is the current one", lambda: self._table(table)["current"] == row)

    def entry(self, *names: str) -> None:
        for number, name in enumerate(names):
            self._menu()
            self._arrow_in_menu(name)
            self.hand.keys("Return" if number == len(names) - 1 else "Right")

    def _arrow_in_menu(self, name: str) -> None:
        for _ in range(40):
            found = self._menu()
            if found["active"] == name:
                return
            if name not in found["entries"]:
                self.hand.wait(f"“{name}” is offered", lambda: name in self._menu()["entries"])
            self.hand.keys("Down")
        raise StepFailed(f"The arrows do not reach “{name}” in the menu.")

    def choose(self, combo: str, text: str) -> None:
        self.hand.tab_to(combo)
        self.hand.keys("Home")
        for _ in range(40):
            before = self.hand.text_of(combo)
            if before == text:
                return
            self.hand.keys("Down")
            if self.hand.text_of(combo) == before:
                break
        raise StepFailed(f"“{combo}” offers no “{text}”.")


def _middle(place: Sequence[int]) -> tuple[int, int]:
    return place[0] + place[2] // 2, place[1] + place[3] // 2


WAYS: dict[str, Callable[[Hand], Way]] = {"mouse": Mouse, "keyboard": Keyboard}
