"""Making a run out of another one that it shares its beginning with.

A fork keeps the rows of the run it comes from up to the outcome of one step, by
naming them and not by copying them, and is live from that step on. A step that
was asked for before that outcome did not depend on it; if it ended later, the
fork begins with its outcome, so that nothing is done twice that need not be.
"""

import secrets
from collections.abc import Callable, Sequence

import attrs
import msgspec

from reenact.beginnings import RUN_ID_HEX
from reenact.errors import UsageError, did_you_mean
from reenact.history import History
from reenact.recorded import Recorded, Taken
from reenact.records import (
    NO_CHANGES,
    NOTHING,
    RUN_PATH,
    Changes,
    Entry,
    Origin,
    Row,
    RunRecord,
    Status,
    checksum,
    encode_entry,
)
from reenact.retrieval import journal, read_history
from reenact.scheduler import Clock
from reenact.stores import RunWrite, Store
from reenact.trace import new_trace_id

LEASE_S = 30.0


async def fork(
    store: Store,
    clock: Clock,
    source: RunRecord,
    at: str,
    *,
    changes: Changes = NO_CHANGES,
    run_id: str | None = None,
    draw: Callable[[int], str] = secrets.token_hex,
) -> RunRecord:
    """Make a run that begins like *source* and is live from the step *at* on; nobody has it yet.

    Args:
        store: Where both are kept.
        clock: The time.
        source: The run that it comes from.
        at: Path of the step from which it is live.
        changes: What is set for it.
        run_id: Its id; a new one if None.
        draw: Returns so many random bytes in hex.

    Raises:
        UsageError: If *source* has no such step.
        RunConflictError: If the id is taken.
    """
    history = (await read_history(store, source, outputs=False)).history
    step = _step_at(history, source, at)
    cut = _cut(history, step)
    now_ns = clock.now_ns()
    record = RunRecord(
        id=run_id or draw(RUN_ID_HEX // 2),
        trace_id=new_trace_id(draw),
        workflow=source.workflow,
        version=source.version,
        target=source.target,
        key=source.key,
        origin=str(Origin("fork", source.id, cut)),
        input_hash=source.input_hash,
        created_ns=now_ns,
        updated_ns=now_ns,
        epoch=1,
    )
    entry = Entry(
        seq=cut,
        path=RUN_PATH,
        status=Status.RUNNING,
        at_ns=now_ns,
        fork=step.intent.path,
        changes=msgspec.to_builtins(changes) or NOTHING,
        note=f"forked from run {source.id}",
    )
    kept = [
        _kept(history, source.id, one, cut + place, now_ns)
        for place, one in enumerate(_in_flight(history, step, cut), 1)
    ]
    rows = _rows(await _checksum_before(store, source, cut), [entry, *kept])
    made = attrs.evolve(record, steps=len(kept))
    write = RunWrite(run_id=record.id, epoch=1, create=True, rows=rows, run=made)
    (result,) = await store.commit([write])
    if isinstance(result, Exception):
        raise result
    return made


async def withdraw(store: Store, clock: Clock, made: RunRecord, reason: str) -> None:
    """End a fork that cannot go on as it was made, so that nobody tries to resume it.

    Args:
        store: Where it is.
        clock: The time.
        made: It; nobody has it.
        reason: Why, for the record.
    """
    record = await store.acquire(made.id, f"fork of {made.origin}", LEASE_S)
    history = (await read_history(store, record, outputs=False)).history
    now_ns = clock.now_ns()
    entry = Entry(
        seq=history.next_seq,
        path=RUN_PATH,
        status=Status.CANCELLED,
        at_ns=now_ns,
        attempt=record.epoch,
        note=reason,
    )
    ended = attrs.evolve(record, status=Status.CANCELLED, updated_ns=now_ns, owner="", until_ns=0)
    rows = _rows(history.last_checksum, [entry])
    await store.commit([RunWrite(run_id=made.id, epoch=record.epoch, rows=rows, run=ended, release=True)])


def _step_at(history: History, source: RunRecord, at: str) -> Recorded:
    found = history.steps.get(at) or history.steps.get(f"{at}#0")
    if found is None:
        hint = did_you_mean(at, list(history.steps))
        raise UsageError(f"run {source.id!r} has no step {at!r}{hint}; 'reenact show {source.id}' lists them")
    return found


def _cut(history: History, step: Recorded) -> int:
    """Return how many rows a fork at *step* shares: those before its outcome, or before the run's end."""
    if step.outcome is not None:
        return step.outcome.seq
    return history.ended.seq if history.ended is not None else history.next_seq


def _in_flight(history: History, step: Recorded, cut: int) -> Sequence[Recorded]:
    """Return the steps that were asked for before the cut and succeeded after it, in that order."""
    found = [
        one
        for one in history.steps.values()
        if one is not step and one.intent.kind != "timer" and one.status is Status.SUCCEEDED
    ]
    return sorted(
        (one for one in found if one.intent.seq < cut < _outcome_seq(one)),
        key=_outcome_seq,
    )


def _outcome_seq(step: Recorded) -> int:
    return step.outcome.seq if step.outcome is not None else -1


def _kept(history: History, run_id: str, step: Recorded, seq: int, now_ns: int) -> Entry:
    """Return the outcome of *step* as the fork begins with it."""
    assert step.outcome is not None  # noqa: S101  # it has succeeded
    source = history.outcome(step.outcome)
    return Entry(
        seq=seq,
        path=step.intent.path,
        status=source.status,
        at_ns=now_ns,
        attempt=source.attempt,
        generation=step.intent.generation,
        output=source.output,
        model=source.model,
        asked=source.asked,
        taken=f"{run_id}:{source.seq}",
        due_ns=Taken("", source).at_ns,
    )


async def _checksum_before(store: Store, source: RunRecord, cut: int) -> bytes:
    async for batch in journal(store, source, cut - 1):
        return batch[0].checksum
    return b""


def _rows(before: bytes, entries: Sequence[Entry]) -> list[Row]:
    rows: list[Row] = []
    for entry in entries:
        body = encode_entry(entry)
        before = checksum(before, body)
        rows.append(Row(entry.seq, body, before))
    return rows
