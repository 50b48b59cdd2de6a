"""Runs and steps as people look at them."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import attrs

from reenact.content import Blob, unpack
from reenact.errors import InDoubtError, ReenactError, RunCancelledError
from reenact.records import RUN_PATH, DecisionRecord, Entry, Failure, RunRecord, Status, add_cost


@attrs.define(kw_only=True)
class StepView:
    """One step of a run.

    Attributes:
        path: Where it stands in the run.
        kind: What kind of step.
        name: Its name.
        status: What it has become.
        attempts: How many tries it has had.
        generation: How often it began anew with another input.
        effect: ``repeatable`` or ``once``.
        site: File and line of the call.
        input_hash: SHA-256 of its input.
        input: Its input, plain; None if it was not asked for.
        output: Its result, plain; None if it was not asked for.
        failure: The exception it ended with, or the latest attempt did.
        decisions: What policies decided about it.
        started_ns: When it began.
        ended_ns: When it ended; 0 if it has not.
        due_ns: For a timer, when it is due.
        model: The model that answered.
        tokens_in: Tokens read.
        tokens_out: Tokens written.
        cost_usd: Its price, attempts that gave no result included; None if any part is unknown.
        note: A remark.
        taken: The outcome of another run that it took, as ``run:seq``; empty if it was run.
        ended_seq: The seq of the entry that has its outcome; -1 if it has none.
        asks: What a policy has it wait for a person for, while it waits: ``question`` and ``show``.
    """

    path: str
    kind: str
    name: str
    status: Status
    attempts: int = 1
    generation: int = 0
    effect: str = "repeatable"
    site: str = ""
    input_hash: str = ""
    input: Any = None
    output: Any = None
    failure: Failure | None = None
    decisions: list[DecisionRecord] = attrs.field(factory=list)
    started_ns: int = 0
    ended_ns: int = 0
    due_ns: int = 0
    model: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: Decimal | None = None
    note: str = ""
    taken: str = ""
    ended_seq: int = -1
    asks: Mapping[str, Any] = attrs.field(factory=dict)
    _charges: int = attrs.field(default=0, init=False, repr=False, eq=False)

    @property
    def is_question(self) -> bool:
        """Whether it waits for a person's answer; a wait for a signal asks nothing, whatever its name.

        Not known where inputs were not asked for.
        """
        return self.kind == "signal" and isinstance(self.input, Mapping) and "question" in self.input


def step_views(entries: Sequence[Entry], blobs: Mapping[str, Blob] | None = None) -> list[StepView]:
    """Return the steps that *entries* tell of, in the order in which they began.

    Args:
        entries: A run's entries.
        blobs: Content; if given, inputs and outputs are filled in.
    """
    views: dict[str, StepView] = {}
    by_seq = {entry.seq: entry for entry in entries}
    for entry in entries:
        if entry.path == RUN_PATH:
            continue
        if entry.kind:
            views[entry.path] = _begun(entry, blobs)
        view = views[entry.path]
        _apply(view, entry)
        if entry.status.ended and blobs is not None:
            source = by_seq.get(entry.again, entry)
            view.output = unpack(bytes(source.output), blobs) if source.output else None
    return list(views.values())


def _begun(entry: Entry, blobs: Mapping[str, Blob] | None) -> StepView:
    return StepView(
        path=entry.path,
        kind=entry.kind,
        name=entry.name,
        status=entry.status,
        generation=entry.generation,
        effect=entry.effect or "repeatable",
        site=entry.site,
        input_hash=entry.input_hash,
        input=unpack(bytes(entry.input), blobs) if blobs is not None and entry.input else None,
        started_ns=entry.at_ns,
        due_ns=entry.due_ns,
    )


def _apply(view: StepView, entry: Entry) -> None:
    went_on = view.status is Status.WAITING and entry.status is Status.RUNNING
    view.status = entry.status
    view.asks = entry.asks
    view.attempts = max(view.attempts, entry.attempt)
    view.failure = entry.failure or (None if entry.status is Status.SUCCEEDED else view.failure)
    view.decisions.extend(entry.decisions)
    view.model = entry.model or view.model
    view.tokens_in += entry.tokens_in
    view.tokens_out += entry.tokens_out
    view.note = entry.note or ("" if went_on else view.note)
    if entry.charges:
        view.cost_usd = add_cost(view.cost_usd if view._charges else Decimal(0), entry.cost_usd)
        view._charges += 1
    view.taken = entry.taken or view.taken
    if entry.status.ended:
        view.ended_ns = entry.at_ns
        view.ended_seq = entry.again if entry.again >= 0 else entry.seq


@attrs.frozen(kw_only=True)
class Run:
    """A run, as a verb left it.

    Attributes:
        record: What the store knows of it.
        error: What it failed with, if it failed.
    """

    record: RunRecord
    error: BaseException | None = None
    _value: Any = None

    @property
    def id(self) -> str:
        """The run's id."""
        return self.record.id

    @property
    def trace_id(self) -> str:
        """Its trace, 32 hex digits."""
        return self.record.trace_id

    @property
    def status(self) -> Status:
        """What it has become."""
        return self.record.status

    @property
    def cost_usd(self) -> Decimal | None:
        """Its price so far; None if any part of it is not known."""
        return Decimal(self.record.cost_usd) if self.record.cost_usd else None

    @property
    def output(self) -> Any:
        """What the workflow returned.

        Raises:
            Exception: What the workflow failed with, if it failed.
            ReenactError: If the run was cancelled, waits, or is in doubt.
        """
        if self.status is Status.SUCCEEDED:
            return self._value
        if self.error is not None:
            raise self.error
        record = self.record
        if self.status is Status.CANCELLED:
            raise RunCancelledError(record.id)
        if self.status is Status.IN_DOUBT:
            path, _, reason = record.waits_for.partition(": ")
            raise InDoubtError(record.id, path, reason)
        waits = f": it waits for {record.waits_for}" if record.waits_for else ""
        raise ReenactError(f"run {record.id!r} has no output yet ({self.status}){waits}")


@attrs.frozen(kw_only=True)
class RunView:
    """A run in detail.

    Attributes:
        record: What the store knows of it.
        steps: Its steps, in the order in which they began.
        entries: Its journal.
        input: Its input, plain.
        output: Its output, plain.
        failure: The exception it failed with.
    """

    record: RunRecord
    steps: Sequence[StepView]
    entries: Sequence[Entry]
    input: Any = None
    output: Any = None
    failure: Failure | None = None

    def step(self, path: str) -> StepView | None:
        """Return the step at *path*; ``plan`` means ``plan#0``."""
        return next((s for s in self.steps if s.path in (path, f"{path}#0")), None)

    def __iter__(self) -> Iterator[StepView]:
        return iter(self.steps)
