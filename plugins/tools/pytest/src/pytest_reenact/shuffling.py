"""Another order of what happens at once: steps that have ended are passed on as a seed says.

A step that ends is held back until nothing else is under way. Of those that are held then,
one is drawn by the seed and its name, and passed on to its run; what comes of that
is waited for again. Time does not go on meanwhile, so every order that is drawn is one in which
the same steps could have ended, had they been faster or slower by a moment.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from reenact.runtime import Runtime

from pytest_reenact.acts import Act
from pytest_reenact.crashing import Crashing
from pytest_reenact.ends import Ends, Key, RunEnd, difference, ends_of
from pytest_reenact.memory import MemoryStore
from pytest_reenact.runs import TestRun
from pytest_reenact.runtime import TestRuntime

T = TypeVar("T")

QUIET_LOOKS = 3
"""Looks in a row, one a round of the loop, that have to find nothing else under way."""

EAGER_LOOKS = 200
"""Looks at something under way after which the next ones are made by the wall clock."""

LAZY_S = 0.0005
SHOWN = 12


class Shuffling:
    """A trial: what ends at once is passed on in another order.

    Args:
        seed: Another seed, another order.
        reference: What the runs come to in the order that comes by itself.
    """

    def __init__(self, seed: int, reference: Crashing) -> None:
        self.seed = seed
        self.reference = reference
        self._runtimes: list[TestRuntime] = []
        self._held: list[tuple[str, str, Callable[[], None]]] = []
        self._order: list[tuple[Key, list[Key]]] = []
        self._watching: Any = None

    def join(self, runtime: TestRuntime) -> None:
        """Hear of a runtime of the test."""
        runtime.trial = self
        runtime.plugins = runtime.plugins or self.reference.plugins
        self._runtimes.append(runtime)

    @property
    def held(self) -> int:
        """How many ends of steps are held back."""
        return len(self._held)

    async def through(
        self,
        runtime: TestRuntime,
        act: Act,  # noqa: ARG002  # a trial's
        perform: Callable[[Runtime], Awaitable[T]],
    ) -> T:
        """Perform an act as ever."""
        return await perform(await runtime.held_open().runtime())

    def seen(self, run: TestRun) -> TestRun:
        """Return a run as it is."""
        return run

    def hold(self, run_id: str, path: str, go: Callable[[], None]) -> None:
        """Hold the end of a step back until it is drawn."""
        self._held.append((run_id, path, go))
        loop = asyncio.get_running_loop()
        if self._watching is not loop:
            self._watching = loop
            loop.call_soon(self._look, 0, 0)

    def _look(self, quiet: int, busy: int) -> None:
        loop = asyncio.get_running_loop()
        if not self._held or self._watching is not loop:
            self._watching = None if self._watching is loop else self._watching
        elif any(runtime.moving for runtime in self._runtimes):
            if busy < EAGER_LOOKS:
                loop.call_soon(self._look, 0, busy + 1)
            else:
                loop.call_later(LAZY_S, self._look, 0, busy)
        elif quiet < QUIET_LOOKS:
            loop.call_soon(self._look, quiet + 1, 0)
        else:
            self._pass_on()
            loop.call_soon(self._look, 0, 0)

    def _pass_on(self) -> None:
        chosen = min(self._held, key=self._draw)
        if len(self._held) > 1:
            others = [(run_id, path) for run_id, path, _ in self._held if (run_id, path) != chosen[:2]]
            self._order.append((chosen[:2], others))
        self._held.remove(chosen)
        chosen[2]()

    def _draw(self, held: tuple[str, str, Any]) -> bytes:
        return hashlib.sha256(f"{self.seed} {held[0]} {held[1]}".encode()).digest()

    # --- judging

    @property
    def told(self) -> str:
        """What came before what, as far as it was drawn."""
        ends = self._ends()
        spelled = [
            f"  {_site(first, ends)} before {', '.join(_site(key, ends) for key in others)}"
            for first, others in self._order[:SHOWN]
        ]
        more = len(self._order) - SHOWN
        spelled += [f"  and {more} more"] if more > 0 else []
        return "\n".join(["drawn:", *spelled]) if spelled else "nothing was in flight together"

    def judge(self) -> str:
        """Return what the runs came to that is not what was expected; nothing if all is the same."""
        return difference(self.reference.ends, self._ends())

    def _ends(self) -> Ends:
        found: dict[str, RunEnd] = {}
        for runtime in self._runtimes:
            if isinstance(runtime.store, MemoryStore):
                found |= ends_of(runtime.store)
        return found


def _site(key: Key, ends: Ends) -> str:
    """Return a step as people read it: its path, and the line that asks for it."""
    run_id, path = key
    run = ends.get(run_id)
    step = run.steps.get(path) if run is not None else None
    return f"{path} ({step.site})" if step is not None and step.site else path
