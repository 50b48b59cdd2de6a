"""A run while it goes on: a live tree on a terminal, a line for each change elsewhere.

Everything goes to stderr, so that stdout has the workflow's output and nothing else.
"""

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

from reenact.records import Entry, RunRecord, Status

from reenact_cli import words
from reenact_cli.board import Board, Line
from reenact_cli.output import console, tell
from reenact_cli.tree import MARKS, draw, remark

if TYPE_CHECKING:
    from rich.console import RenderableType

REDRAWS_PER_S = 8
_ROWS_KEPT_FREE = 4


class Progress:
    """Keeps the board of a run, and shows nothing. The base of what does.

    Args:
        board: What is known already.
    """

    def __init__(self, board: Board | None = None) -> None:
        self.board = board or Board()

    def take(self, run: RunRecord, entries: Sequence[Entry]) -> None:
        """Take entries, as the runtime's observer."""
        self.changed(self.board.take(run, entries))

    def began(self, run_id: str) -> None:
        """Show that the run has a name now."""

    def changed(self, lines: Sequence[Line]) -> None:
        """Show that *lines* have changed."""

    @asynccontextmanager
    async def shown(self) -> AsyncIterator[None]:
        """Show the run while the block lasts."""
        yield

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """Leave the screen to somebody else while the block lasts."""
        yield


class PlainProgress(Progress):
    """Prints a line for each step that begins, waits or ends."""

    def began(self, run_id: str) -> None:
        """Print the run's id, which is needed if all that follows is lost."""
        tell(f"{words.clock(time.time_ns())} run       {words.clean(run_id)}")

    def changed(self, lines: Sequence[Line]) -> None:
        """Print them."""
        for line in lines:
            if line.kind != "timer" or line.status is Status.FAILED:
                tell(spell_line(line, self.board.latest_ns))


def spell_line(line: Line, now_ns: int) -> str:
    """Return a step's state in one line."""
    took = words.duration(line.ended_ns - line.started_ns) if line.ended_ns else ""
    known = line.cost_usd if line.cost_usd is not None else 0
    figures = [took, words.tokens(line.tokens_in, line.tokens_out), words.cost(str(known)), remark(line)]
    said = "  ".join(one for one in figures if one)
    return f"{words.clock(now_ns)} {line.status.value:<9} {words.clean(line.path)}  {said}".rstrip()


class LiveProgress(Progress):
    """Redraws the tree as it changes."""

    def __init__(self, board: Board | None = None) -> None:
        super().__init__(board)
        self._console = console(sys.stderr)
        self._live: Any = None

    @asynccontextmanager
    async def shown(self) -> AsyncIterator[None]:
        """Show the tree; leave it on the screen at the end."""
        self._begin()
        task = asyncio.create_task(self._redraw(), name="reenact-cli-screen")
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            self._end()

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """Take the tree off the screen while the block lasts."""
        self._end(leave=False)
        try:
            yield
        finally:
            self._begin()

    async def _redraw(self) -> None:
        while True:
            await asyncio.sleep(1 / REDRAWS_PER_S)
            if self._live is not None:
                self._live.update(self._picture(), refresh=True)

    def _begin(self) -> None:
        from rich.live import Live

        self._live = Live(
            console=self._console,
            auto_refresh=False,
            redirect_stdout=sys.stdout.isatty(),
            vertical_overflow="crop",
        )
        self._live.start()
        self._live.update(self._picture(), refresh=True)

    def _end(self, *, leave: bool = True) -> None:
        live, self._live = self._live, None
        if live is not None:
            live.transient = not leave
            live.update(self._picture(), refresh=True)
            live.stop()

    def _picture(self) -> "RenderableType":
        from rich.console import Group

        now_ns = time.time_ns()
        room = max(self._console.height - _ROWS_KEPT_FREE, 3)
        return Group(heading(self.board, now_ns), draw(self.board, now_ns, most=room))


def heading(board: Board, now_ns: int) -> Any:
    """Return a run's name, state and figures in one line, for rich."""
    from rich.text import Text

    record = board.record
    if record is None:
        return Text("starting", style="dim")
    mark, style = MARKS[record.status]
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(f"{mark} ", style=style)
    text.append(words.clean(record.workflow, 40), style="bold")
    text.append(f" {words.clean(record.id)}", style="dim")
    text.append(f"  {record.status.value}", style=style)
    text.append(f"  {figures(board, now_ns)}")
    return text


def figures(board: Board, now_ns: int) -> str:
    """Return how long a run has taken, its steps, tokens and cost."""
    record = board.record
    took_ns = (now_ns if record and not record.status.ended else board.latest_ns) - (
        record.created_ns if record else 0
    )
    said = [words.duration(took_ns), f"{board.done} step{'' if board.done == 1 else 's'}"]
    if board.done_below:
        said[-1] += f" and {board.done_below} in child runs"
    spelled = words.tokens(*board.tokens)
    if spelled:
        price = "price unknown" if board.cost_usd is None else words.cost(board.cost_usd)
        said += [f"{spelled} tokens", *([price] if price else [])]
    return " · ".join(said)
