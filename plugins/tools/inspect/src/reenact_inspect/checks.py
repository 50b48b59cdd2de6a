"""Whether the code of now still does what is on record: the gate before a deploy.

Each run is replayed on its own: one that diverges does not keep the others from being
tried. Nothing is called and nothing is written; a run that has not ended is replayed as far
as its record goes.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeAlias

import attrs
from reenact.errors import DivergenceError, InputError, ReenactError, UsageError, did_you_mean
from reenact.records import RunRecord, Status
from reenact.runtime import Runtime
from reenact.stores import RunFilter
from reenact.workflows import WORKFLOWS, Workflow

Verdict: TypeAlias = Literal["agrees", "diverges", "unchecked"]
Find: TypeAlias = Callable[[RunRecord], Workflow[..., Any]]
"""Returns the code of a run; raises `UsageError` if there is none."""

AT_ONCE = 64
"""Runs that are replayed at the same time; each holds its record in memory."""

ALL = 10_000_000

UNFINISHED = tuple(status.value for status in Status if not status.ended)


@attrs.frozen(kw_only=True)
class Checked:
    """What became of one run.

    Attributes:
        run: The run.
        verdict: ``agrees``, ``diverges``, or ``unchecked`` if it could not be tried.
        divergence: Where code and record part, if they do at a step or at the end.
        problem: Why it diverges or could not be tried, in words.
    """

    run: RunRecord
    verdict: Verdict
    divergence: DivergenceError | None = None
    problem: str = ""


@attrs.frozen(kw_only=True)
class CheckReport:
    """What became of all runs.

    Attributes:
        runs: Each run that was tried, in the order in which they were given.
        took_ns: How long it took.
    """

    runs: Sequence[Checked]
    took_ns: int = 0

    def with_verdict(self, verdict: Verdict) -> list[Checked]:
        """Return the runs of which this became."""
        return [one for one in self.runs if one.verdict == verdict]

    @property
    def agrees(self) -> bool:
        """Whether every run was tried and agrees with the code."""
        return all(one.verdict == "agrees" for one in self.runs)


def known_workflow(record: RunRecord) -> Workflow[..., Any]:
    """Return the workflow of that name which is defined in this process.

    Raises:
        UsageError: If there is none.
    """
    found = WORKFLOWS.get(record.workflow)
    if found is not None:
        return found
    hint = did_you_mean(record.workflow, list(WORKFLOWS))
    raise UsageError(f"no workflow in this code is called {record.workflow!r}{hint}")


async def check(runtime: Runtime, *runs: str, find: Find = known_workflow) -> CheckReport:
    """Replay runs on the code of this process, and say of each whether they agree.

    Args:
        runtime: Where they are.
        runs: Ids, prefixes or ``last``; all runs that have not ended if there is none. The child
            runs of each are tried too.
        find: Returns the code of a run; the workflow of its name by default.

    Raises:
        RunNotFoundError: If one is not there.
    """
    records = [await runtime.find(one) for one in runs] if runs else await unfinished(runtime)
    return await check_records(runtime, await with_children(runtime, records), find=find)


async def unfinished(runtime: Runtime) -> Sequence[RunRecord]:
    """Return all runs that have not ended, oldest first."""
    found = await runtime.list(RunFilter(status=UNFINISHED, limit=ALL))
    return list(reversed(found))


async def with_children(runtime: Runtime, records: Sequence[RunRecord]) -> list[RunRecord]:
    """Return runs, each followed by those that it started, and none twice."""
    found: dict[str, RunRecord] = {}
    todo = list(reversed(records))
    while todo:
        record = todo.pop()
        if record.id not in found:
            found[record.id] = record
            todo += await runtime.list(RunFilter(parent=record.id, limit=ALL))
    return list(found.values())


async def check_records(
    runtime: Runtime, records: Sequence[RunRecord], *, find: Find = known_workflow
) -> CheckReport:
    """Replay these runs, and no others; see `check`."""
    started_ns = time.monotonic_ns()
    places = asyncio.Semaphore(AT_ONCE)

    async def one(record: RunRecord) -> Checked:
        async with places:
            return await _check_one(runtime, record, find)

    made = await asyncio.gather(*(one(record) for record in records))
    return CheckReport(runs=made, took_ns=time.monotonic_ns() - started_ns)


async def _check_one(runtime: Runtime, record: RunRecord, find: Find) -> Checked:
    try:
        await runtime.replay(record.id, find(record))
    except DivergenceError as error:
        return Checked(run=record, verdict="diverges", divergence=error, problem=str(error))
    except InputError as error:
        return Checked(run=record, verdict="diverges", problem=str(error))
    except ReenactError as error:
        return Checked(run=record, verdict="unchecked", problem=str(error))
    except Exception as error:
        return Checked(run=record, verdict="unchecked", problem=f"{type(error).__name__}: {error}")
    return Checked(run=record, verdict="agrees")
