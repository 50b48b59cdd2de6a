"""Finds what workflow code does that a replay may not repeat, and names the line.

Workflow code is what runs on a run's loop; the bodies of steps run elsewhere and may do
as they like. Nothing is replaced and no import is touched: calls are looked at while a
turn of the loop is on. What is found changes no run.

.. code-block:: python

    watch = Determinism()
    async with Runtime.open(watches=[watch]) as runtime:
        await runtime.run(handle, "T-1")
    for finding in watch.findings:
        print(finding)
"""

import logging
import sys
import weakref
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Literal, TypeAlias

import attrs
from reenact import Offer, hookimpl
from reenact.errors import ReenactError
from reenact.seams import Finding, Watch

from reenact_determinism.noting import Notes
from reenact_determinism.places import Places

__all__ = [
    "Determinism",
    "DeterminismOptions",
    "NotRepeatableError",
]

log = logging.getLogger("reenact.determinism")

Mode: TypeAlias = Literal["warn", "error", "off"]


@attrs.frozen(kw_only=True)
class DeterminismOptions:
    """``[watches.determinism]``.

    Attributes:
        mode: ``warn`` reports what is found; with ``error`` the command that found it fails, too;
            ``off`` looks at nothing.
        allow: Modules of which nothing is reported, nor of what they call.
    """

    mode: Mode = "warn"
    allow: list[str] = attrs.field(factory=list)


def _looker() -> Any:
    if sys.version_info >= (3, 12):
        from reenact_determinism.monitoring import MONITORING

        return MONITORING
    from reenact_determinism.profiling import Profiling

    return Profiling()


class Determinism(Watch):
    """Looks on while workflow code runs; made once, used by as many runtimes and runs as one likes.

    It looks from its first turn on. Closing it (or leaving it as a context manager) takes
    everything away that looking on has put into the interpreter.

    Args:
        options: What to report, and how.
        told: Told of each finding; by default it is logged as a warning.
    """

    def __init__(
        self, options: DeterminismOptions | None = None, *, told: Callable[[Finding], None] | None = None
    ) -> None:
        self.options = options or DeterminismOptions()
        self._notes = Notes(
            Places(self.options.allow), grave=self.options.mode == "error", told=told or _log_it
        )
        self._looker: Any = None
        self._end: Callable[[], object] = lambda: None

    @property
    def findings(self) -> Sequence[Finding]:
        """What was found so far: each line once for each thing it does."""
        return tuple(self._notes.findings)

    def look_on(self, turn: Callable[[], None]) -> None:
        """Call *turn*, and note what the workflow code in it does."""
        if self.options.mode == "off":
            turn()
            return
        if self._looker is None:
            self._looker = _looker()
            self._looker.open()
            self._end = weakref.finalize(self, self._looker.close)  # also if nobody closes it
        self._looker.look_on(self._notes, turn)

    def take(self) -> Sequence[Finding]:
        """Return the findings and forget them, so that the same line is found again; for test runners."""
        return self._notes.take()

    def check(self) -> None:
        """Raise if anything was found.

        Raises:
            NotRepeatableError: With every finding.
        """
        if self._notes.findings:
            raise NotRepeatableError(self.findings)

    def close(self) -> None:
        """Look on no more. Findings stay."""
        self._end()
        self._looker = None

    def __enter__(self) -> "Determinism":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


@attrs.define
class NotRepeatableError(ReenactError):
    """Workflow code does what a replay may not repeat.

    Attributes:
        findings: What it does.
    """

    findings: Sequence[Finding]

    def __str__(self) -> str:
        found = "\n".join(f"  {finding}" for finding in self.findings)
        return f"workflow code does what a replay may not repeat:\n{found}"


def _log_it(finding: Finding) -> None:
    log.warning("%s", finding)


@asynccontextmanager
async def open_determinism(options: DeterminismOptions) -> AsyncIterator[Determinism]:
    """Open the check."""
    with Determinism(options) as watch:
        yield watch


@hookimpl
def reenact_watches() -> Iterable[Offer[Watch]]:
    """Offer the determinism check."""
    yield Offer(
        "determinism",
        open_determinism,
        DeterminismOptions,
        doc="names lines of workflow code that a replay may not repeat",
    )
