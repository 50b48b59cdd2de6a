"""Calls that were made: what models and tools were asked in past runs, attempt by attempt.

An entry holds the request as it was after the policies of then, so what they took out is not
there. What was not asked again (an outcome that was taken from another run, or given to a
fork) is no call.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import attrs
from reenact.calling import REFUSED
from reenact.content import references, unpack
from reenact.desk import Desk
from reenact.judging import ToolRequest
from reenact.llm import LlmRequest, LlmResponse, Usage, request_from, response_from
from reenact.records import Entry, RunRecord, Status, origin_of
from reenact.retrieval import load_blobs, read_history
from reenact.turns import GIVEN

CALLS = ("llm", "tool")
_REFUSED = {f"{error.__module__}.{error.__qualname__}" for error in REFUSED}


@attrs.frozen(kw_only=True)
class Attempt:
    """One try of a call.

    Attributes:
        number: Which, from 1.
        began_ns: When it began.
        ended_ns: When it ended, or 0 if that is not on record.
        began: Whether anybody was asked; not if a policy refused.
        asked: The model that was asked, as ``provider:model``; empty if that is not on record.
        usage: What it took; None where nobody said.
        cost_usd: Its price; None if it is not known.
        response: The answer; None if there is none.
        error: What it failed with, the type's name; empty if it did not.
    """

    number: int
    began_ns: int
    ended_ns: int = 0
    began: bool = True
    asked: str = ""
    candidate: int = 0
    usage: Usage | None = None
    cost_usd: Decimal | None = None
    response: LlmResponse | None = None
    error: str = ""


@attrs.frozen(kw_only=True)
class PastCall:
    """One call of a model or a tool.

    Attributes:
        run: The run it was made in.
        path: Where in the run.
        at_ns: When it was asked for.
        asked: The request to a model, or the call of a tool.
        attempts: Its tries, in order.
    """

    run: RunRecord
    path: str
    at_ns: int
    asked: LlmRequest | ToolRequest
    attempts: Sequence[Attempt] = ()


async def past_calls(desk: Desk, run: RunRecord, since_ns: int = 0) -> AsyncIterator[PastCall]:
    """Yield the calls that were made in a run itself, not in its child runs.

    Args:
        desk: Where it is.
        run: The run.
        since_ns: Only calls that were asked for at that time or later.

    Raises:
        DamagedError: If the journal is not what was written.
    """
    read = await read_history(desk.store, run, keep_entries=True, outputs=False)
    origin = origin_of(run)
    own_seq = origin.seq if origin is not None and origin.how == "fork" else 0
    for entries in _calls(read.entries):
        if entries[0].at_ns >= since_ns and entries[-1].seq >= own_seq and _was_made(entries):
            yield await _call(desk, run, entries)


def _calls(entries: Sequence[Entry]) -> list[list[Entry]]:
    """Return the entries of each call; a step that began anew with another input is several."""
    latest: dict[str, list[Entry]] = {}
    found: list[list[Entry]] = []
    for entry in entries:
        if entry.kind in CALLS:
            latest[entry.path] = [entry]
            found.append(latest[entry.path])
        elif entry.path in latest:
            latest[entry.path].append(entry)
    return found


def _was_made(entries: Sequence[Entry]) -> bool:
    taken = any(entry.taken or entry.again >= 0 for entry in entries)
    return not taken and entries[0].note != GIVEN


async def _call(desk: Desk, run: RunRecord, entries: Sequence[Entry]) -> PastCall:
    first, last = entries[0], entries[-1]
    spelled = [bytes(first.input)] + ([bytes(last.output)] if last.output and first.kind == "llm" else [])
    names = {name for data in spelled for name in references(data)}
    blobs = await load_blobs(desk.store, names, desk.store.where)
    value = unpack(spelled[0], blobs) if spelled[0] else {}
    output = unpack(spelled[1], blobs) if len(spelled) > 1 else None
    return PastCall(
        run=run,
        path=first.path,
        at_ns=first.at_ns,
        asked=request_from(value) if first.kind == "llm" else ToolRequest(name=first.name, arguments=value),
        attempts=_attempts(entries, output),
    )


def _attempts(entries: Sequence[Entry], output: Any) -> list[Attempt]:
    """Return the tries that entries tell of.

    An entry may end one try and begin the next. A try that a policy put off has not been one.
    """
    found: list[Attempt] = []
    running: Entry | None = None
    for entry in entries:
        if running is not None and (entry.failure is not None or entry.status.ended):
            found.append(_ended(running, entry, output, len(found) + 1))
            running = None
        elif entry.status is Status.WAITING:
            running = None
        if entry.status is Status.RUNNING and running is None:
            running = entry
        elif entry.status.ended and not found:  # refused before anybody was asked
            found.append(_ended(entry, entry, output, 1))
    if running is not None:
        found.append(Attempt(number=len(found) + 1, began_ns=running.at_ns, candidate=running.candidate))
    return found


def _ended(began: Entry, ended: Entry, output: Any, number: int) -> Attempt:
    response = response_from(output) if isinstance(output, Mapping) and _answered(ended) else None
    return Attempt(
        number=number,
        began_ns=began.at_ns,
        ended_ns=ended.at_ns,
        began=ended.status is not Status.DENIED or ended.charges,
        asked=ended.asked,
        candidate=began.candidate,
        usage=response.usage if response is not None else _usage(ended),
        cost_usd=_cost(ended, response),
        response=response,
        error=ended.failure.type.rpartition(".")[2] if ended.failure is not None else "",
    )


def _answered(entry: Entry) -> bool:
    return entry.status is Status.SUCCEEDED


def _usage(entry: Entry) -> Usage | None:
    """Return what a try without an answer took; None if the record does not say."""
    if entry.charges or (entry.failure is not None and entry.failure.type in _REFUSED):
        return Usage(input_tokens=entry.tokens_in, output_tokens=entry.tokens_out)
    return None


def _cost(entry: Entry, response: LlmResponse | None) -> Decimal | None:
    if response is not None and response.cost_usd is not None:
        return response.cost_usd
    return Decimal(entry.cost_usd) if entry.cost_usd else None
