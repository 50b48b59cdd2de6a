"""What a test sees of a run: its end, and everything that led to it, without another ``await``.

Most tests look at the end only, and what led to it takes as long to read as the run took.
Of a store in memory it is read when somebody asks, from a copy made when the verb was done.
"""

import functools
import re
from collections.abc import Callable, Coroutine, Mapping
from decimal import Decimal
from typing import Any, TypeVar

import attrs
from reenact.desk import Desk
from reenact.failures import revive
from reenact.records import DecisionRecord, RunRecord, Status
from reenact.stores import RunFilter
from reenact.views import Run, RunView, StepView

from pytest_reenact.matching import fits
from pytest_reenact.memory import MemoryStore

T = TypeVar("T")

_KINDS = frozenset({"llm", "tool", "step", "decision", "timer", "signal", "workflow"})


class OnRecord:
    """What led to the end of a run, read when it is asked for first.

    Args:
        read: Reads the run and its child runs.
    """

    def __init__(self, read: Callable[[], tuple[RunView, tuple["TestRun", ...]]]) -> None:
        self._read = read

    @functools.cached_property
    def found(self) -> tuple[RunView, tuple["TestRun", ...]]:
        """The run and its child runs."""
        return self._read()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, OnRecord) and self.found == other.found

    __hash__ = None  # type: ignore[assignment]  # entries hold what cannot be hashed


@attrs.frozen(kw_only=True)
class TestRun:
    """A run as a verb left it.

    Attributes:
        cut_off: For each run, positions of entries that say a step begins, and a crash that the test
            knows nothing of had it begin again; see ``--crash-everywhere``.
    """

    __test__ = False  # pytest is not to take it for a class of tests

    _run: Run = attrs.field(alias="run")
    _on_record: OnRecord = attrs.field(alias="on_record")
    cut_off: Mapping[str, frozenset[int]] = attrs.field(factory=dict)

    @property
    def view(self) -> RunView:
        """Its input, steps and entries."""
        return self._on_record.found[0]

    @property
    def children(self) -> tuple["TestRun", ...]:
        """Its child runs, as they were by then."""
        return tuple(attrs.evolve(child, cut_off=self.cut_off) for child in self._on_record.found[1])

    @property
    def ended(self) -> Run:
        """The run, as the verbs of `reenact.Runtime` return it."""
        return self._run

    @property
    def record(self) -> RunRecord:
        """What the store knows of it."""
        return self._run.record

    @property
    def id(self) -> str:
        """The run's id."""
        return self._run.id

    @property
    def trace_id(self) -> str:
        """Its trace, 32 hex digits."""
        return self._run.trace_id

    @property
    def status(self) -> Status:
        """What it has become; equal to the word, such as ``"succeeded"``."""
        return self._run.status

    @property
    def output(self) -> Any:
        """What the workflow returned.

        Raises:
            Exception: What the workflow failed with, if it failed.
            ReenactError: If the run was cancelled, waits, or is in doubt.
        """
        return self._run.output

    @property
    def error(self) -> BaseException | None:
        """What the workflow failed with; None if it did not."""
        return self._run.error

    @property
    def waits_for(self) -> str:
        """What has to come from outside for it to go on; empty if nothing."""
        return self.record.waits_for

    @property
    def cost(self) -> Decimal | None:
        """Its price in USD, child runs included; None if any part of it is not known."""
        answered = [step for step in self.steps("llm") if step.status is Status.SUCCEEDED]
        prices = [step.cost_usd for step in answered]
        return None if None in prices else sum((p for p in prices if p is not None), Decimal(0))

    def steps(self, what: str = "") -> list[StepView]:
        """Return its steps in the order in which they began, those of its child runs after its own.

        Args:
            what: A kind (``llm``, ``tool`` ...), a name, or a path in which ``*`` stands for anything
                but a slash and ``**`` for anything; all steps if empty.
        """
        own = [step for step in self.view.steps if _is(step, what)]
        return own + [step for child in self.children for step in child.steps(what)]

    def step(self, path: str) -> StepView:
        """Return its step at *path*; ``plan`` means ``plan#0``.

        Raises:
            LookupError: If it has none there; lists those it has.
        """
        found = self.view.step(path)
        if found is None:
            known = ", ".join(step.path for step in self.view.steps) or "none"
            raise LookupError(f"run {self.id!r} has no step {path!r} (its steps: {known})")
        return found

    def effects(self, name: str) -> int:
        """Return how often the work of the steps of that name was begun, child runs included.

        Attempts count one each, whatever came of them: each may have done to the world what the
        step does. What a policy refused, and what was taken from the record, does not count.
        """
        cut_off = self.cut_off.get(self.id, frozenset())
        named = {step.path: step for step in self.view.steps if name in (step.name, step.path)}
        begun = sum(
            entry.path in named
            and entry.status is Status.RUNNING
            and entry.again < 0
            and entry.seq not in cut_off
            for entry in self.view.entries
        )
        refused = sum(_refused(step) for step in named.values())
        return begun - refused + sum(child.effects(name) for child in self.children)

    @property
    def decisions(self) -> list[DecisionRecord]:
        """What policies decided, in the order of the steps, child runs included."""
        return [decision for step in self.steps() for decision in step.decisions]

    def tree(self) -> str:
        """Return its steps as a tree of text, safe for a terminal."""
        from pytest_reenact.tree import draw

        return draw(self)

    def __repr__(self) -> str:
        waits = f", waits for {self.waits_for}" if self.waits_for else ""
        failed = f", {type(self.error).__name__}" if self.error is not None else ""
        return f"<run {self.id} of {self.record.workflow}: {self.status}{failed}{waits}>"


def _refused(step: StepView) -> bool:
    """Say whether the last attempt of *step* was refused before it began."""
    denials = [one for one in step.decisions if one.verdict == "deny"]
    before = bool(denials) and denials[-1].stage not in ("response", "settle")
    return step.status is Status.DENIED and before


def _is(step: StepView, what: str) -> bool:
    if not what:
        return True
    if what in _KINDS and step.kind == what:
        return True
    if re.search(r"[#/\[*]", what):
        return fits(what, step.path)
    return step.name == what


async def look(desk: Desk, run_id: str, run: Run | None = None) -> TestRun:
    """Return what a test sees of a run: its steps, and its child runs.

    Args:
        desk: Where runs are looked at.
        run_id: Which.
        run: The run as a verb left it; what is on record if None, with its output plain.
    """
    if run is not None and type(desk.store) is MemoryStore:
        record = await desk.find(run_id)
        copy = Desk(desk.store.copy())
        return TestRun(
            run=attrs.evolve(run, record=record),
            on_record=OnRecord(lambda: _at_once(_read(copy, record.id))),
        )
    found = await _read(desk, run_id)
    view = found[0]
    if run is None:
        error = revive(view.failure) if view.failure is not None else None
        run = Run(record=view.record, error=error, value=view.output)
    return TestRun(run=attrs.evolve(run, record=view.record), on_record=OnRecord(lambda: found))


async def _read(desk: Desk, run_id: str) -> tuple[RunView, tuple[TestRun, ...]]:
    view = await desk.show(run_id)
    children = await desk.list(RunFilter(parent=view.record.id, limit=1_000_000))
    return view, tuple([await look(desk, record.id) for record in reversed(children)])


def _at_once(work: Coroutine[Any, Any, T]) -> T:
    """Return what *work* returns, which waits for nothing but its turn, on whatever loop or none."""
    try:
        while True:
            work.send(None)
    except StopIteration as done:
        made: T = done.value
        return made
