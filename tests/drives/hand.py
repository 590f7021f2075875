"""A hand at the X server: it moves the mouse, presses buttons and keys by xdotool, and looks through the probe."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
LOOK_S = 0.1


class StepFailed(AssertionError):
    """A step could not be done."""


def missing() -> str:
    """Why no window can be driven here; empty: it can."""
    if not shutil.which("xdotool"):
        return "needs xdotool, which sends mouse and keys to the X server"
    return "" if os.environ.get("DISPLAY") else "needs an X screen, such as xvfb-run gives"


class Hand:
    """One window, from its start to its end. `scale`: of the screen, 2 for 200 %. `home`: the user's folders.

    `words`: a made-up language that it speaks, one of `words.LANGUAGES`; empty: English.
    """

    def __init__(self, home: Path, pictures: Path, scale: float, patience: float, words: str = "") -> None:
        self.home, self.pictures, self.scale, self.patience = home, pictures, scale, patience
        self.words = words
        self.taken: list[Path] = []
        self.expected = ""  # how a message begins that is no failure: of a worker that was killed on purpose
        self._window: subprocess.Popen[str] | None = None

    # the window

    def start(self, *given: str) -> None:
        env = {
            **os.environ,
            "QT_QPA_PLATFORM": "xcb",
            "QT_SCALE_FACTOR": str(self.scale),
            "TUNEVLSEG_HOME": str(self.home),
            "PYTHONPATH": str(ROOT),
        }
        spoken = ["--words", self.words] if self.words else []
        self._window = subprocess.Popen(
            [sys.executable, str(ROOT / "tests" / "drives" / "probe.py"), *spoken, *given],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=env,
        )
        self.wait("The window opens", lambda: self.ask("focus")["wanted"] != 0)

    def kill(self) -> None:
        """As a crash or the power would: without a word."""
        assert self._window is not None
        self._window.send_signal(signal.SIGKILL)
        self._window.wait()
        self._window = None

    def wait_for_end(self) -> None:
        """Until the window has closed, as it was asked to."""
        assert self._window is not None
        try:
            self._window.wait(self.patience)
        except subprocess.TimeoutExpired as error:
            raise StepFailed("The window does not close.") from error
        self._ended_well()

    def close(self) -> None:
        """By Ctrl+Q, as a user does; what does not end then is killed. Raises StepFailed where it ends by a fault."""
        if self._window is None:
            return
        failing = sys.exc_info()[0] is not None  # a step before this one is what is to be told
        try:
            self.keys("ctrl+q")
            self._window.wait(15)
        except (subprocess.TimeoutExpired, StepFailed, OSError):
            if self._window.poll() is None:
                self.kill()
        if failing:
            self._window = None
        self._ended_well()

    def _ended_well(self) -> None:
        window, self._window = self._window, None
        if window is not None and window.returncode:
            raise StepFailed(f"The window closed, but its process ended with {window.returncode}.")

    def ask(self, what: str, **more: Any) -> Any:
        """One question to the probe."""
        assert self._window is not None
        assert self._window.stdin is not None
        assert self._window.stdout is not None
        try:
            self._window.stdin.write(json.dumps({"ask": what, **more}) + "\n")
            self._window.stdin.flush()
            line = self._window.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise StepFailed("The window has ended.")
        found = json.loads(line)
        if isinstance(found, dict) and "probe_failed" in found:
            raise StepFailed(f"“{what}” cannot be answered: {found['probe_failed']}.")
        return found

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = self.ask("state")
        return found

    def wait(self, what: str, condition: Callable[[], bool]) -> None:
        """Raises StepFailed where the window tells of an error meanwhile, or patience ends."""
        until = time.monotonic() + self.patience
        while not condition():
            wrong = [notice for notice in self.state()["notices"] if notice["tone"] == "danger"]
            if wrong and not (self.expected and wrong[0]["message"].startswith(self.expected)):
                raise StepFailed(f"{what}: {wrong[0]['message']} {wrong[0]['hint']}")
            if time.monotonic() > until:
                self.picture("stopped")
                raise StepFailed(f"{what}: not within {self.patience:.0f} seconds. {self.state()}")
            time.sleep(LOOK_S)

    def wait_for(self, what: str, **wanted: Any) -> None:
        """Until the page's state is this."""
        self.wait(what, lambda: wanted.items() <= self.state().items())

    def wait_until_enabled(self, name: str) -> None:
        self.wait(f"“{name}” can be pressed", lambda: bool((self.ask("where", name=name) or {}).get("enabled")))

    def picture(self, name: str) -> Path:
        path = self.pictures / f"{len(self.taken) + 1:02d}-{name}.png"
        time.sleep(0.25)  # hover effects and a cursor that blinks come to rest
        if not self.ask("picture", path=str(path)):
            raise StepFailed(f"{path} could not be written.")
        self.taken.append(path)
        return path

    def resize(self, width: int, height: int) -> None:
        """The main window, in pixels of itself: those of the screen divided by `scale`."""
        wanted = [round(width * self.scale), round(height * self.scale)]
        _xdotool("windowsize", self.ask("focus")["wanted"], *wanted)
        self.wait("The window takes its size", lambda: self.ask("where", name="mainWindow")["rect"][2:] == wanted)

    def choose_theme(self, theme: str) -> None:
        """By the menu, as a user does; `light` or `dark`."""
        self.keys("alt+v")
        self.wait("The menu View opens", lambda: bool(self.ask("focus")["popup"]))
        self.keys("h", "d" if theme == "dark" else "l")
        self.wait("The menu closes", lambda: not self.ask("focus")["popup"])

    # mouse

    def press(self, name: str) -> None:
        """Clicks the widget where it is drawn, after turning the wheel until it is in sight."""
        self.wait_until_enabled(name)
        x, y = self._in_sight(name)
        _xdotool("mousemove", x, y, "click", 1)

    def click(self, at: Sequence[int], button: int = 1) -> None:
        _xdotool("mousemove", *at, "click", button)

    def click_holding(self, key: str, at: Sequence[int]) -> None:
        """With a key such as `ctrl` held down."""
        _xdotool("keydown", key)
        try:
            self.click(at)
        finally:
            _xdotool("keyup", key)

    def hover(self, at: Sequence[int]) -> None:
        _xdotool("mousemove", *at)

    def wheel(self, down: bool, times: int = 1) -> None:
        _xdotool("click", "--repeat", times, "--delay", 20, 5 if down else 4)

    def drag(self, points: Sequence[Sequence[int]], *, let_go: bool = True, held: str = "") -> None:
        """`held`: a key that is held meanwhile."""
        if held:
            self._take_focus()
            _xdotool("keydown", held)
        _xdotool("mousemove", *points[0], "mousedown", 1)
        for one in points[1:]:
            _xdotool("mousemove", *one)
            time.sleep(0.03)
        if let_go:
            self.let_go()
        if held:
            _xdotool("keyup", held)

    def drag_on(self, points: Sequence[Sequence[int]]) -> None:
        """With the button held since `drag`; let go at the last point."""
        for one in points:
            _xdotool("mousemove", *one)
            time.sleep(0.1)
        self.let_go()

    def rest(self) -> None:
        """Until the next look."""
        time.sleep(LOOK_S)

    def let_go(self) -> None:
        _xdotool("mouseup", 1)

    def _in_sight(self, name: str) -> tuple[int, int]:
        for _ in range(60):
            found = self.ask("where", name=name)
            if found is None:
                raise StepFailed(f"The window shows no “{name}”.")
            (left, top, width, height), seen = found["rect"], found["seen"]
            middle = (left + width // 2, top + height // 2)
            if seen[1] <= top + 1 and seen[1] + seen[3] >= top + height - 1 and seen[3] > 0:
                return middle
            panel = found["scroller"]
            if panel is None:
                raise StepFailed(f"“{name}” cannot be brought into sight.")
            # Over the edge of what scrolls: a wheel over a slider or a list would turn that.
            _xdotool("mousemove", panel[0] + panel[2] - round(6 * self.scale), panel[1] + panel[3] // 2)
            self.wheel(down=middle[1] >= panel[1] + panel[3] // 2)
            time.sleep(0.08)
        raise StepFailed(f"“{name}” does not come into sight.")

    def looks_right(self, name: str, under: str) -> None:
        """A picture; raises StepFailed where a text below the widget `under` is cut off."""
        path = self.picture(name)
        cut = self.ask("cut", under=under)
        for _ in range(10):  # a text that has just changed gets its room in a turn of its own
            if not cut:
                break
            time.sleep(LOOK_S)
            cut = self.ask("cut", under=under)
        if cut:
            raise StepFailed(f"{path.name}: “{cut[0]['text']}” is cut off ({cut[0]}), and {len(cut) - 1} others.")

    # keyboard

    def tab_through(self, under: str) -> list[str]:
        """Goes once round with Tab; raises StepFailed where something below the widget `under` is not reached by it."""
        met: list[str] = []
        first = None
        self.keys("Tab")
        while len(met) < 400:
            found = self.ask("focus")
            here = (found["widget"], found.get("rect"))
            if here == first:
                break
            first = first or here
            if found["widget"] and min(found["seen"][2:]) <= 0:
                raise StepFailed(f"“{found['widget']}” has the keyboard, but is out of sight.")
            met.append(found["widget"])
            self.keys("Tab")
        able = self.ask("stops", under=under)
        missed = [name for name in able["tab"] if name not in met and ":" not in name]
        if missed or able["mouse"]:
            raise StepFailed(f"Tab does not reach {', '.join(missed + able['mouse'])}.")
        return met

    def tab_to(self, name: str, *, back: bool = False, most: int = 200) -> int:
        """Presses Tab (or Shift+Tab) until the widget of this name has the keyboard; how often.

        Raises StepFailed where it is not reached, or has the keyboard out of sight.
        """
        for pressed in range(most):
            found = self.ask("focus")
            if found["widget"] == name:
                if min(found["seen"][2:]) <= 0:
                    raise StepFailed(f"“{name}” has the keyboard, but is out of sight.")
                return pressed
            self.keys("shift+Tab" if back else "Tab")
            self._until_moved(found)
        raise StepFailed(f"Tab does not reach “{name}”.")

    def _until_moved(self, before: dict[str, Any]) -> None:
        """Until the keyboard is elsewhere: a busy window lags behind the hand, which would press Tab once too often."""
        until = time.monotonic() + 1.0
        while time.monotonic() < until:
            now = self.ask("focus")
            if (now["widget"], now.get("rect")) != (before["widget"], before.get("rect")):
                return
            time.sleep(0.02)

    def keys(self, *keys: str, times: int = 1) -> None:
        self._take_focus()
        for key in keys:
            _xdotool("key", "--repeat", times, "--delay", 25, key)

    def type(self, text: str) -> None:
        self._take_focus()
        _xdotool("type", "--delay", 12, text)

    def _take_focus(self) -> None:
        """A window manager would do this; a bare screen has none."""
        found = self.ask("focus")
        if found["popup"] or found["held"] or not found["wanted"]:
            return
        _xdotool("windowfocus", found["wanted"])
        self.wait("The window takes the keyboard", lambda: self.ask("focus")["held"])

    def choose(self, name: str, row_text: str) -> None:
        """A row of a combo box, by its list and the keyboard."""
        for number in range(40):
            before = self.text_of(name)
            if before == row_text:
                return
            self.press(name)
            self.wait("The list opens", lambda: bool(self.ask("focus")["popup"]))
            self.keys("Down" if number else "Home", "Return")
            self.wait("The list closes", lambda: not self.ask("focus")["popup"])
            if number and self.text_of(name) == before:
                break
        raise StepFailed(f"“{name}” offers no “{row_text}”.")

    def text_of(self, name: str) -> str:
        """What it says; empty where it is not shown."""
        return str((self.ask("where", name=name) or {}).get("text") or "")

    def answer_file_dialog(self, path: Path) -> None:
        """Types a path into the dialog that is open."""
        self.wait("A dialog for files opens", lambda: bool(self.ask("focus")["dialog"]))
        self.wait("It has the keyboard", self._dialog_has_keyboard)
        title = self.ask("focus")["dialog"]
        self.keys("ctrl+a")
        self.type(str(path))
        self.keys("Return")
        for _ in range(30):
            if self.ask("focus")["dialog"] != title:
                return  # it is closed, though another one may be open by now
            time.sleep(LOOK_S)
        self.keys("Return")  # the first one closed the list of names that fit
        self.wait("The dialog closes", lambda: self.ask("focus")["dialog"] != title)

    def _dialog_has_keyboard(self) -> bool:
        self._take_focus()
        return bool(self.ask("focus")["widget"] == "fileNameEdit")


def _xdotool(*words: object) -> None:
    done = subprocess.run(["xdotool", *map(str, words)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise StepFailed(f"xdotool {words[0]}: {done.stderr.strip()}")
