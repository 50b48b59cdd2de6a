"""Runs as they are compared: the steps that count, in the order in which they were asked for.

A journal is read once and checked on the way. Content stays where it is until somebody
asks for it: whether two inputs are the same is seen from their spelling, in which what is
large stands as its hash. Steps of child runs stand below the step that started them.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeAlias

import attrs
from reenact.children import child_id
from reenact.codec import digest
from reenact.content import Blob, references, unpack
from reenact.desk import Desk
from reenact.records import RUN_PATH, Entry, Failure, RunRecord, Status
from reenact.retrieval import load_blobs, read_history
from reenact.steps import idempotency_key
from reenact.stores import Store

from reenact_inspect.origins import origin_of

Position: TypeAlias = tuple[int, ...]
"""When something happened, among all that happened in a run; steps of child runs right after their start."""

NEVER: Position = ()
DEPTH_MAX = 100


@attrs.frozen(kw_only=True, eq=False)
class Step:
    """One step of a run, as it is on record; of several generations the last.

    Attributes:
        run_id: The run it is in: the one that is looked at, or a child run of it.
        path: Where it stands in the run that is looked at, child runs included.
        intent: Its first entry.
        outcome: The entry that holds its outcome; None if it has none.
        status: What it has become.
        asked_at: When it was asked for.
        ended_at: When its outcome came; empty if it has none.
        reused: Its outcome was taken from an earlier entry of the run, or from another run.
        attempts: How many tries it has had.
        model: The model that answered.
        tokens_in: Tokens read, in all tries.
        tokens_out: Tokens written.
        cost_usd: Its price; None if unknown.
        took_ns: How long it took; 0 if it has not ended.
        earlier: The first entries of its earlier generations, oldest first.
    """

    run_id: str
    path: str
    intent: Entry
    outcome: Entry | None = None
    status: Status
    asked_at: Position
    ended_at: Position = NEVER
    reused: bool = False
    attempts: int = 1
    model: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: Decimal | None = None
    took_ns: int = 0
    earlier: Sequence[Entry] = ()

    @property
    def kind(self) -> str:
        """What kind of step."""
        return self.intent.kind

    @property
    def name(self) -> str:
        """Its name."""
        return self.intent.name

    @property
    def site(self) -> str:
        """File and line of the call."""
        return self.intent.site

    @property
    def failure(self) -> Failure | None:
        """What it ended with, if it failed."""
        return self.outcome.failure if self.outcome is not None else None

    @property
    def content(self) -> tuple[str, str, str]:
        """Names what was asked for, wherever it stands: kind, name and input."""
        return self.kind, self.name, digest(bytes(self.intent.input))

    @property
    def substance(self) -> tuple[str, str] | None:
        """Names what was asked for under whatever name; None if there is too little to tell it by."""
        data = bytes(self.intent.input)
        return (self.kind, digest(data)) if len(data) > len(b"{}") else None


@attrs.frozen(kw_only=True, eq=False)
class Journal:
    """A run and its steps.

    Attributes:
        record: What the store knows of it.
        begun: Its first entry.
        ended: Its last entry, if it has ended.
        status: What it has become.
        steps: Its steps and those of its child runs, in the order in which they were asked for.
        succeeded: How many of its own steps have succeeded; see `reenact.records.Entry.counts`.
        succeeded_below: How many of its child runs' have.
        store: Where its content is.
        given: Arguments that were set when it was forked from another run, plain.
    """

    record: RunRecord
    begun: Entry
    ended: Entry | None
    status: Status
    steps: Sequence[Step]
    succeeded: int = 0
    succeeded_below: int = 0
    store: Store
    given: Mapping[str, Any] = attrs.field(factory=dict)

    @property
    def took_ns(self) -> int:
        """From its beginning to its end, or to the last thing on record."""
        last = max([self.record.updated_ns, self.begun.at_ns])
        return (self.ended.at_ns if self.ended is not None else last) - self.begun.at_ns

    def step(self, path: str) -> Step | None:
        """Return the step at *path*; ``plan`` means ``plan#0``."""
        by_path = {step.path: step for step in self.steps}
        return by_path.get(path) or by_path.get(f"{path}#0")

    async def input(self) -> Any:
        """Return the run's input, plain."""
        value = await self.value(bytes(self.begun.input))
        return {**value, **self.given} if self.given and isinstance(value, dict) else value

    async def output(self) -> Any:
        """Return what the workflow returned, plain; None if it has not, or returned nothing."""
        return await self.value(bytes(self.ended.output)) if self.ended is not None else None

    async def value(self, data: bytes) -> Any:
        """Return the plain value of a stored spelling; None if there is none."""
        return unpack(data, await self._blobs(data)) if data else None

    async def _blobs(self, data: bytes) -> Mapping[str, Blob]:
        return await load_blobs(self.store, set(references(data)), self.store.where)


def input_of(step: Step) -> bytes:
    """Return the stored spelling of a step's input."""
    return bytes(step.intent.input)


def output_of(step: Step) -> bytes:
    """Return the stored spelling of a step's result; empty if it has none."""
    return bytes(step.outcome.output) if step.outcome is not None else b""


async def read_journal(desk: Desk, run_id: str) -> Journal:
    """Read a run and its child runs.

    Args:
        desk: Where it is.
        run_id: The run, or a prefix that only it has, or ``last``.

    Raises:
        RunNotFoundError: If there is none.
        DamagedError: If a journal is not what was written.
    """
    record = await desk.find(run_id)
    read = await read_history(desk.store, record, keep_entries=True, outputs=False)
    begun = read.history.begun or Entry(seq=0, path=RUN_PATH, status=record.status, at_ns=record.created_ns)
    steps, below = await _with_children(desk.store, record, _steps(record.id, read.entries), 0)
    return Journal(
        record=record,
        begun=begun,
        ended=read.history.ended,
        status=read.history.status if read.entries else record.status,
        steps=steps,
        succeeded=read.history.succeeded,
        succeeded_below=below,
        store=desk.store,
        given=read.history.changes.input,
    )


def _steps(run_id: str, entries: Sequence[Entry], prefix: str = "", after: Position = ()) -> list[Step]:
    """Return the steps that entries tell of, each with its last generation."""
    last: dict[str, int] = {entry.path: entry.seq for entry in entries if entry.kind and entry.path}
    earlier: dict[str, list[Entry]] = {}
    drafts: dict[str, _Draft] = {}
    outcomes: dict[int, Entry] = {}
    count = 0
    for entry in entries:
        if entry.status.ended:
            outcomes[entry.seq] = outcomes.get(entry.again, entry)
        if entry.path == RUN_PATH or entry.seq < last.get(entry.path, 0):
            if entry.kind and entry.path != RUN_PATH:
                earlier.setdefault(entry.path, []).append(entry)
            continue
        if entry.kind:
            drafts[entry.path] = _Draft(entry, (*after, count))
            count += 1
        draft = drafts[entry.path]
        draft.take(entry, outcomes)
        if entry.status.ended:
            draft.ended_at = (*after, count)
            count += 1
    return [draft.step(run_id, prefix, earlier.get(path, ())) for path, draft in drafts.items()]


class _Draft:
    """A step while its entries are read."""

    def __init__(self, intent: Entry, asked_at: Position) -> None:
        self.intent = intent
        self.asked_at = asked_at
        self.ended_at = NEVER
        self.status = intent.status
        self.outcome: Entry | None = None
        self.reused = False
        self.attempts = 1
        self.model = ""
        self.tokens_in = self.tokens_out = 0
        self.cost_usd: Decimal | None = None
        self.took_ns = 0

    def take(self, entry: Entry, outcomes: Mapping[int, Entry]) -> None:
        self.status = entry.status
        self.attempts = max(self.attempts, entry.attempt)
        self.model = entry.model or self.model
        self.tokens_in += entry.tokens_in
        self.tokens_out += entry.tokens_out
        if entry.cost_usd:
            self.cost_usd = (self.cost_usd or Decimal(0)) + Decimal(entry.cost_usd)
        if entry.status.ended:
            self.outcome = outcomes[entry.seq]
            self.reused = entry.again >= 0 or bool(entry.taken)
            self.took_ns = entry.at_ns - self.intent.at_ns

    def step(self, run_id: str, prefix: str, earlier: Sequence[Entry]) -> Step:
        return Step(
            run_id=run_id,
            path=prefix + self.intent.path,
            intent=self.intent,
            outcome=self.outcome,
            status=self.status,
            asked_at=self.asked_at,
            ended_at=self.ended_at,
            reused=self.reused,
            attempts=self.attempts,
            model=self.model,
            tokens_in=self.tokens_in,
            tokens_out=self.tokens_out,
            cost_usd=self.cost_usd,
            took_ns=self.took_ns,
            earlier=tuple(earlier),
        )


async def _with_children(
    store: Store, record: RunRecord, steps: list[Step], depth: int
) -> tuple[list[Step], int]:
    """Return *steps*, each followed by those of its child run; and how many of these succeeded."""
    found: list[Step] = []
    succeeded = 0
    for step in steps:
        found.append(step)
        if step.kind != "workflow" or depth >= DEPTH_MAX:
            continue
        child = await _child(store, record, step)
        if child is not None:
            read = await read_history(store, child, keep_entries=True, outputs=False)
            inner = _steps(child.id, read.entries, f"{step.path}/", step.asked_at)
            deeper, below = await _with_children(store, child, inner, depth + 1)
            found += deeper
            succeeded += read.history.succeeded + below
    return found, succeeded


async def _child(store: Store, record: RunRecord, step: Step) -> RunRecord | None:
    """Return the child run that a step started, in this run or in the one that it was made from."""
    origin = origin_of(record)
    for run_id in (record.id, *((origin.run_id,) if origin else ())):
        for generation in range(step.intent.generation, -1, -1):
            found = await store.load(child_id(idempotency_key(run_id, step.intent.path, generation)))
            if found is not None:
                return found
    return None
