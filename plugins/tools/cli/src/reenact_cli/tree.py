"""A board as a tree: one row a step, scopes and child runs as branches.

What does not fit the screen is left out from the middle of what has succeeded, and
counted: what runs, waits or failed is always to be seen.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import attrs
from reenact.records import Status

from reenact_cli import words
from reenact_cli.board import Board, Line

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

MARKS: dict[Status, tuple[str, str]] = {
    Status.PENDING: ("·", "dim"),
    Status.RUNNING: ("▶", "cyan"),
    Status.WAITING: ("◷", "yellow"),
    Status.IN_DOUBT: ("?", "bold magenta"),
    Status.SUCCEEDED: ("✓", "green"),
    Status.FAILED: ("✗", "bold red"),
    Status.CANCELLED: ("-", "dim"),
    Status.DENIED: ("⊘", "bold red"),
}
"""For each status a sign and a style."""

_NAME_CHARS_MAX = 60
_PROBLEM_CHARS_MAX = 100


@attrs.define
class Node:
    """A place in the tree.

    Attributes:
        label: Its last part of the path.
        line: The step at it; None for a scope.
        inner: What is below, by label.
    """

    label: str
    line: Line | None = None
    inner: dict[str, "Node"] = attrs.field(factory=dict)

    def status(self) -> Status:
        """Return that of the step; of a scope, the most urgent one in it."""
        if self.line is not None:
            return self.line.status
        found = {one.status() for one in self.inner.values()}
        return next((one for one in _URGENT if one in found), Status.PENDING)

    def span_ns(self, now_ns: int) -> int:
        """Return how long it took, or has taken so far."""
        lines = [self.line] if self.line is not None else list(self.lines())
        ends = max(line.ended_ns or now_ns for line in lines)
        return ends - min(line.started_ns for line in lines)

    def lines(self) -> Iterable[Line]:
        """Yield the steps at it and below."""
        if self.line is not None:
            yield self.line
        for one in self.inner.values():
            yield from one.lines()


_URGENT = (
    Status.FAILED,
    Status.DENIED,
    Status.IN_DOUBT,
    Status.RUNNING,
    Status.WAITING,
    Status.PENDING,
    Status.CANCELLED,
    Status.SUCCEEDED,
)


@attrs.frozen
class Row:
    """One row of the tree: a node and the lines that lead to it; or a count of rows left out."""

    guide: str
    node: Node | None
    hidden: int = 0

    @property
    def status(self) -> Status | None:
        """That of the node."""
        return self.node.status() if self.node is not None else None


def grow(board: Iterable[Line]) -> Node:
    """Return the tree of a board's steps."""
    top = Node("")
    for line in board:
        here = top
        for part in line.path.split("/"):
            here = here.inner.setdefault(part, Node(part))
        here.line = line
    return top


def rows(top: Node, most: int = 0) -> list[Row]:
    """Return the rows of a tree, at most *most* (0: all)."""
    made = list(_rows(top, ""))
    return _fitted(made, most) if most and len(made) > most else made


def _rows(node: Node, guide: str) -> Iterable[Row]:
    inner = list(node.inner.values())
    for number, one in enumerate(inner):
        last = number == len(inner) - 1
        shown = _joined(one)
        yield Row(f"{guide}{'└─ ' if last else '├─ '}", shown)
        yield from _rows(shown, f"{guide}{'   ' if last else '│  '}")


def _joined(node: Node) -> Node:
    """Return a scope that holds one thing only as that thing, under both names."""
    while node.line is None and len(node.inner) == 1:
        (only,) = node.inner.values()
        node = Node(f"{node.label}/{only.label}", only.line, only.inner)
    return node


def _fitted(made: list[Row], most: int) -> list[Row]:
    """Leave out rows that have succeeded, the oldest first, then from the top whatever it is."""
    too_many = len(made) - most + 1
    done = [i for i in _inner_first(made) if made[i].status is Status.SUCCEEDED]
    drop = set(done[:too_many])
    drop.update([i for i in range(len(made)) if i not in drop][: too_many - len(drop)])
    return [Row("", None, len(drop)), *(row for i, row in enumerate(made) if i not in drop)]


def _inner_first(made: list[Row]) -> list[int]:
    """Return the positions of rows in an order in which what is below a row comes before it."""
    ordered: list[int] = []
    above: list[int] = []
    for i, row in enumerate(made):
        while above and len(made[above[-1]].guide) >= len(row.guide):
            ordered.append(above.pop())
        above.append(i)
    return ordered + above[::-1]


def draw(board: Board, now_ns: int, *, most: int = 0, problems: bool = True) -> "Table":
    """Return the tree as a table for rich.

    Args:
        board: The steps.
        now_ns: What running steps are measured against.
        most: How many rows fit; 0 for any number.
        problems: Show what steps failed with.
    """
    from rich.table import Table

    table = Table.grid(padding=(0, 2), pad_edge=False)
    table.add_column(no_wrap=True, overflow="ellipsis", ratio=None)
    for _ in range(3):
        table.add_column(justify="right", no_wrap=True)
    table.add_column(style="dim")  # gives way first, since it may wrap; its text does not
    for row in rows(grow(board), most):
        if row.node is None:
            table.add_row(_plain(f"   … {row.hidden} more", "dim"))
        else:
            table.add_row(*_cells(row.guide, row.node, now_ns, problems=problems))
    return table


def _cells(guide: str, node: Node, now_ns: int, *, problems: bool) -> "list[Text]":
    from rich.text import Text

    mark, style = MARKS[node.status()]
    name = Text(guide, style="dim", end="")
    name.append(f"{mark} ", style=style)
    name.append(words.clean(node.label, _NAME_CHARS_MAX), style="" if node.line else "dim")
    line = node.line
    if line is None:
        return [name, _plain(words.duration(node.span_ns(now_ns)), "dim")]
    took = "" if line.status is Status.PENDING else words.duration(node.span_ns(now_ns))
    price = (
        words.cost(line.cost_usd)
        if line.cost_usd is not None
        else ("?" if line.tokens_in and line.ended_ns else "")
    )
    return [
        name,
        _plain(took),
        _plain(words.tokens(line.tokens_in, line.tokens_out)),
        _plain(price),
        Text(remark(line, problems=problems), no_wrap=True, overflow="ellipsis"),
    ]


def remark(line: Line, *, problems: bool = True) -> str:
    """Return what is worth saying about a step beside its figures."""
    said = []
    if line.kind != "step":
        said.append("child run" if line.own_run else line.kind)
    if line.model:
        said.append(words.clean(line.model, 40))
    if line.attempt > 1:
        said.append(f"attempt {line.attempt}")
    if line.changed:
        said.append("input changed")
    if line.taken:
        said.append(f"taken from {words.clean(line.taken, 40)}")
    if problems and line.problem and line.status is not Status.SUCCEEDED:
        said.append(words.clean(line.problem, _PROBLEM_CHARS_MAX))
    return " · ".join(said)


def _plain(text: str, style: str = "") -> "Text":
    from rich.text import Text

    return Text(text, style=style)
