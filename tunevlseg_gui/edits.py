"""Edits of the open dataset as steps that can be undone.

Every change that a person makes goes through the project, which pushes one of these on `Project.undo_stack`:

    project.change_label(1, "phrase of polyp", phrase="a pink bump")     # any fields of Label
    project.move_cases({"case-07": "val"})                              # case id → split
    project.draw_split(Split(70, 15, 15), drawn)                        # drawn: case id → split
    project.undo_stack.push(Step("adding of a label", do, undo))        # anything else
    WrittenStep(stack, "repair of scan-3", after, before, write)        # what a file says: pushed once it is written

A step's text completes "Undo …" and "Redo …". Pushing does it. After each step, done or undone, the project says
`labels_edited` or `cases_moved` (what else a `Step` changes, its functions tell), then `changed`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtGui import QUndoCommand, QUndoStack

from tunevlseg_gui.translation import counted, translate

if TYPE_CHECKING:
    from tunevlseg_gui.dataset import Split
    from tunevlseg_gui.project import Project


class Step(QUndoCommand):
    """`do` is called when it is pushed and at each redo, `undo_it` at each undo; neither may push another step."""

    def __init__(self, text: str, do: Callable[[], object], undo_it: Callable[[], object]) -> None:
        super().__init__(text)
        self._do = do
        self._undo_it = undo_it

    def redo(self) -> None:
        self._do()

    def undo(self) -> None:
        self._undo_it()


Change = tuple[Mapping[str, Any], Callable[[], None] | None]
"""What a file is to say, and what follows in the window once it does."""
Write = Callable[[Mapping[str, Any], Callable[[], None], Callable[[], None]], None]
"""`write(change, then, failed)`: calls one of the two later."""


class WrittenStep(QUndoCommand):
    """A step that a file tells of. It goes onto the stack by `written`, once the file says so.

    Where an undo or redo cannot be written, the step goes back to where it was: the stack shows what the file says.
    """

    def __init__(self, stack: QUndoStack, text: str, after: Change, before: Change, write: Write) -> None:
        super().__init__(text)
        self._stack, self._after, self._before, self._write = stack, after, before, write
        self._quiet = False

    def written(self) -> None:
        """The file says so for the first time."""
        if self._after[1]:
            self._after[1]()
        self._quiet = True  # pushing calls redo
        self._stack.push(self)
        self._quiet = False

    def redo(self) -> None:
        self._ask(self._after, self._stack.index() + 1, self._stack.undo)

    def undo(self) -> None:
        self._ask(self._before, self._stack.index() - 1, self._stack.redo)

    def _ask(self, change: Change, place: int, back: Callable[[], None]) -> None:
        if self._quiet:
            return

        def failed() -> None:
            if self._stack.index() == place:  # nothing else was done or undone meanwhile
                self._quiet = True
                back()
                self._quiet = False

        self._write(change[0], change[1] or (lambda: None), failed)


class ChangeLabel(QUndoCommand):
    """New values of some fields of the label with this value in the masks."""

    def __init__(self, project: Project, value: int, text: str, after: Mapping[str, Any]) -> None:
        super().__init__(text)
        self._project, self._value = project, value
        label = next(label for label in project.labels if label.value == value)
        self._after = dict(after)
        self._before = {name: getattr(label, name) for name in after}

    def redo(self) -> None:
        self._project.put_label(self._value, self._after)

    def undo(self) -> None:
        self._project.put_label(self._value, self._before)


class MoveCases(QUndoCommand):
    """Cases into other splits: case id → split."""

    def __init__(self, project: Project, moves: Mapping[str, str]) -> None:
        to = sorted(set(moves.values()))
        if len(to) == 1:
            said = counted("MoveCases", "move of {n} cases to {split}", "move of {n} case to {split}", len(moves))
            said = said.format(split=to[0])
        else:
            said = counted("MoveCases", "move of {n} cases", "move of {n} case", len(moves))
        super().__init__(said)
        self._project = project
        self._before = dict(project.moves)
        self._after = {**self._before, **moves}

    def redo(self) -> None:
        self._project.put_moves(self._after)

    def undo(self) -> None:
        self._project.put_moves(self._before)


class DrawSplit(QUndoCommand):
    """All cases shared out anew; cases that were moved by hand lie as the draw says."""

    def __init__(self, project: Project, split: Split, drawn: Mapping[str, str]) -> None:
        super().__init__(
            translate("DrawSplit", "split of {train}, {val} and {test} %").format(
                train=split.train, val=split.val, test=split.test
            )
        )
        self._project = project
        before = {row.case_id: project.drawn.get(row.case_id, row.split) for row in project.cases if row.seen}
        self._before = (project.split, before if drawn else {}, dict(project.moves))
        self._after = (split, dict(drawn), dict[str, str]())

    def redo(self) -> None:
        self._project.put_split(*self._after)

    def undo(self) -> None:
        self._project.put_split(*self._before)
