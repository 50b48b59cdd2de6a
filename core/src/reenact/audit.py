"""Whether a journal is the one that was written, and what its run has become by it.

Rows go through an `Audit` one by one: positions, checksums, transitions. What they add up
to must be what the run's record says, for the record is nothing but that sum. An audit
keeps a few bytes for each step and no row, so that the journal of a long run fits.
"""

import collections
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

import attrs

from reenact.content import Blob, blob_references, item_references, references
from reenact.errors import DamagedError, RunNotFoundError
from reenact.history import check_row
from reenact.machine import RUN, STEP, TransitionError, advance
from reenact.recorded import DELIVERED, PATCH_PREFIX, RESOLVED, RETRY
from reenact.records import RUN_PATH, Entry, Row, RunRecord, Status, add_cost, decode_entry
from reenact.retrieval import check_content, journal
from reenact.stores import Store

TO_BE_RESUMED = "to be resumed"
"""What a run waits for whose step in doubt has been decided about."""

BLOBS_AT_A_TIME = 64

_STATUSES = tuple(Status)
_NUMBERS = {status: number for number, status in enumerate(_STATUSES)}
_STATUS_BITS, _LLM_BIT = 4, 4
_STATE_BITS = 5
"""What is kept of a step: its status, whether a model was asked, and the seq of its outcome + 1."""


class Audit:
    """Checks the rows of one run, in order, and adds them up; of a fork, also those that it shares.

    Args:
        record: The run; what cannot be known from its rows is taken from it.
        where: What to call the journal in an error.

    Attributes:
        rows: How many rows there were, shared ones included.
        last_checksum: The checksum of the last one.
        begun: The run's first entry.
    """

    def __init__(self, record: RunRecord, where: str) -> None:
        self.record = record
        self.where = where
        self.rows = 0
        self.last_checksum = b""
        self.begun: Entry | None = None
        self._steps: dict[str, int] = {}
        self._outcomes = bytearray()
        self._status = Status.PENDING
        self._epoch = 0
        self._updated_ns = record.created_ns
        self._waits_for = ""
        self._counts = [0, 0, 0]
        self._cost: Decimal | None = Decimal(0)

    @property
    def status(self) -> Status:
        """What the run has become so far."""
        return self._status

    def take(self, row: Row) -> Entry:
        """Check the next row, and return its entry.

        Raises:
            DamagedError: If it is not the row that was written; names it.
        """
        check_row(row, self.rows, self.last_checksum, self.where)
        try:
            entry = decode_entry(row.body)
            if entry.seq != row.seq:
                raise ValueError(f"it calls itself {entry.seq}")
            self._apply(entry)
        except (ValueError, ArithmeticError, TransitionError, KeyError, RecursionError) as error:
            raise DamagedError(self.where, f"row {row.seq} makes no sense: {error}") from error
        self.rows += 1
        self.last_checksum = row.checksum
        return entry

    def _apply(self, entry: Entry) -> None:
        of_a_step = entry.path != RUN_PATH and not entry.path.startswith(PATCH_PREFIX)
        self._outcomes.append(of_a_step and entry.status in DELIVERED)
        if entry.path == RUN_PATH:
            self._apply_to_run(entry)
        elif of_a_step:
            self._apply_to_step(entry)

    def _apply_to_step(self, entry: Entry) -> None:
        state = 0 if entry.kind else self._steps[entry.path]
        before = Status.PENDING if entry.kind else _STATUSES[state & ((1 << _STATUS_BITS) - 1)]
        llm = entry.kind == "llm" or bool(state >> _LLM_BIT & 1)
        if entry.again >= 0:
            self._check_again(entry)
        else:
            advance(before, entry.status, STEP)
            self._count(entry, llm=llm)
        delivered = entry.seq + 1 if entry.status in DELIVERED else 0
        self._steps[entry.path] = delivered << _STATE_BITS | llm << _LLM_BIT | _NUMBERS[entry.status]
        if entry.note in (RETRY, RESOLVED) and self._status is Status.IN_DOUBT:
            self._updated_ns, self._waits_for = entry.at_ns, TO_BE_RESUMED

    def _check_again(self, entry: Entry) -> None:
        if not (entry.again < entry.seq and self._outcomes[entry.again]):
            raise ValueError(f"it takes the outcome of row {entry.again}, which is none")

    def _apply_to_run(self, entry: Entry) -> None:
        self._status = advance(self._status, entry.status, RUN)
        self._epoch = max(self._epoch, entry.attempt)
        if self.begun is None:
            self.begun = entry
        else:
            self._updated_ns = entry.at_ns
        if entry.fork:  # what comes before is another run's
            self._steps.pop(entry.fork, None)
            self._counts, self._cost = [0, 0, 0], Decimal(0)
        waits = entry.status in (Status.WAITING, Status.IN_DOUBT)
        self._waits_for = entry.note if waits else ""
        if entry.revised_from >= 0:
            since = entry.revised_from + 1
            for path in [p for p, state in self._steps.items() if state >> _STATE_BITS >= since]:
                del self._steps[path]

    def _count(self, entry: Entry, *, llm: bool) -> None:
        counts = self._counts
        counts[0] += entry.counts
        unknown = llm and bool(entry.output) and not entry.cost_usd and not entry.taken
        if entry.charges or unknown:
            counts[1] += entry.tokens_in
            counts[2] += entry.tokens_out
            self._cost = add_cost(self._cost, entry.cost_usd)

    # --- what they add up to

    def projection(self) -> RunRecord:
        """Return the run as its rows say, owned by nobody."""
        steps, tokens_in, tokens_out = self._counts
        return attrs.evolve(
            self.record,
            updated_ns=self._updated_ns,
            status=self._status,
            owner="",
            until_ns=0,
            epoch=max(self._epoch, self.record.epoch),
            steps=steps,
            tokens_in=tokens_in,
            tokens_out=tokens_out,
            cost_usd="" if self._cost is None else f"{self._cost:f}",
            waits_for=self._waits_for,
        )

    def compare(self, now: RunRecord | None = None) -> None:
        """Compare what the rows add up to with the record of the run.

        Args:
            now: The record as it is after the rows were read, if others may write meanwhile; what
                has changed since the audit began is not compared.

        Raises:
            DamagedError: If the record says something else.
        """
        begun, record = self.begun, self.record
        if begun is None:
            raise DamagedError(self.where, "its journal is empty")
        if record.status.ended and self._status is not record.status:
            raise DamagedError(
                self.where,
                f"rows are missing at its end: it is {record.status} and they do not say so",
            )
        self._compare_fields(("workflow", "input_hash"), begun.name, begun.input_hash)
        if now is not None and _moving(now) != _moving(record):
            return
        found = self.projection()
        self._compare_fields(_PROJECTED, *(getattr(found, name) for name in _PROJECTED))
        if record.status.ended:  # until then it is brought up to date now and then
            self._compare_fields(("steps",), found.steps)

    def _compare_fields(self, names: Sequence[str], *found: object) -> None:
        for name, value in zip(names, found, strict=True):
            said = getattr(self.record, name)
            if said != value:
                raise DamagedError(
                    self.where, f"its record says {name} {str(said)!r:.80}, its rows {str(value)!r:.80}"
                )


_PROJECTED = ("status", "updated_ns", "tokens_in", "tokens_out", "cost_usd", "waits_for", "epoch")


def _moving(record: RunRecord) -> tuple[object, ...]:
    return (record.epoch, *(getattr(record, name) for name in _PROJECTED))


# --- content --------------------------------------------------------------------------------------


class Contents:
    """Checks content by name, a little at a time, each piece once.

    Args:
        store: Where it is.
        where: What to call the journal in an error.

    Attributes:
        seen: The names that were checked.
    """

    def __init__(self, store: Store, where: str) -> None:
        self.seen: set[bytes] = set()
        self._store = store
        self._where = where
        self._open: collections.deque[str] = collections.deque()

    def add(self, entry: Entry) -> None:
        """Note what an entry names."""
        for spelled in (entry.input, entry.output):
            if spelled:
                self._note(references(bytes(spelled)))

    def _note(self, names: Iterable[str]) -> None:
        for name in names:
            key = _as_key(name, self._where)
            if key not in self.seen:
                self.seen.add(key)
                self._open.append(name)

    @property
    def open(self) -> int:
        """How many are to be checked."""
        return len(self._open)

    async def check(self) -> None:
        """Check what was noted, and all that it refers to.

        Raises:
            DamagedError: If any of it is missing, or is not what its name says.
        """
        while self._open:
            names = [self._open.popleft() for _ in range(min(len(self._open), BLOBS_AT_A_TIME))]
            found = await load_listed(self._store, names, self._where)
            for blob in found:
                parts = await self._parts(blob)
                check_content(blob, parts, self._where)
                self._note(_references(blob, self._where))

    async def _parts(self, blob: Blob) -> dict[str, Blob]:
        """Return what the items of a link refer to; its name is made of them, spelled out."""
        if not blob.chain:
            return {}
        parts: dict[str, Blob] = {}
        names = _references(blob, self._where, of=item_references)
        while names:
            found = await load_listed(self._store, names, self._where)
            parts.update((part.hash, part) for part in found)
            names = [n for part in found for n in _references(part, self._where) if n not in parts]
        return parts


def _as_key(name: object, where: str) -> bytes:
    try:
        return bytes.fromhex(str(name))
    except ValueError as error:
        raise DamagedError(where, f"it names content {str(name)!r:.40}, which is no hash") from error


async def load_listed(store: Store, names: Sequence[str], where: str) -> list[Blob]:
    """Return the blobs named, in that order.

    Raises:
        DamagedError: If one is missing.
    """
    found = await store.blobs(names)
    for name in names:
        if name not in found:
            raise DamagedError(where, f"content {name[:12]} is missing")
    return [found[name] for name in names]


def _references(blob: Blob, where: str, *, of: Callable[[Blob], list[str]] = blob_references) -> list[str]:
    try:
        return of(blob)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DamagedError(where, f"content {blob.hash[:12]} makes no sense: {error}") from error


async def verify_run(store: Store, record: RunRecord) -> Audit:
    """Check a run's journal, its content and its record; return what they add up to.

    Raises:
        DamagedError: If anything of it is not what was written; names the row or the content.
        RunNotFoundError: If the run is removed meanwhile.
    """
    where = f"{store.where}, run {record.id}"
    audit, contents = Audit(record, where), Contents(store, where)
    try:
        async for batch in journal(store, record):
            for row in batch:
                contents.add(audit.take(row))
            if contents.open >= BLOBS_AT_A_TIME:
                await contents.check()
        await contents.check()
    except DamagedError:
        if await store.load(record.id) is None:
            raise RunNotFoundError(record.id) from None
        raise
    now = await store.load(record.id)
    if now is None:
        raise RunNotFoundError(record.id)
    audit.compare(now)
    return audit
