"""What is said of the runs of a test that failed: their steps, their traces, where their journal is kept."""

from collections.abc import Callable, Sequence
from pathlib import Path

from reenact.desk import Desk
from reenact.stores import RunFilter

from pytest_reenact.keeping import keep
from pytest_reenact.loops import run_here
from pytest_reenact.runs import TestRun, look
from pytest_reenact.runtime import TestRuntime
from pytest_reenact.tree import clean

RUNS_MAX = 5


def tell(runtimes: Sequence[TestRuntime], folder: Callable[[], Path]) -> str:
    """Return what there is to say of the runs that *runtimes* have.

    Args:
        runtimes: The runtimes of one test.
        folder: Makes a folder for a journal.
    """
    return "\n\n".join(filter(None, (_told(runtime, folder) for runtime in runtimes)))


def _told(runtime: TestRuntime, folder: Callable[[], Path]) -> str:
    runs, problem = _runs_of(runtime)
    if not runs:
        return ""
    shown = [f"{run.tree()}\ntrace {run.trace_id}" for run in runs[-RUNS_MAX:]]
    if len(runs) > RUNS_MAX:
        shown.insert(0, f"({len(runs) - RUNS_MAX} runs before these)")
    return "\n\n".join([*shown, problem or _kept(runtime, runs[-1], folder)])


def _runs_of(runtime: TestRuntime) -> tuple[list[TestRun], str]:
    """Return the runs as they are on record now; as they were seen last, if that cannot be read."""

    async def read() -> list[TestRun]:
        desk = Desk(runtime.store)
        records = await desk.list(RunFilter(roots=True, limit=1_000_000))
        return [await look(desk, record.id) for record in reversed(records)]

    try:
        return run_here(read()), ""
    except Exception as error:
        seen = [run for run in runtime.seen.values() if not run.record.parent]
        return seen, f"the journal could not be read again: {clean(str(error))}"


def _kept(runtime: TestRuntime, last: TestRun, folder: Callable[[], Path]) -> str:
    try:
        config = run_here(keep(runtime.store, folder()))
    except Exception as error:
        return f"the journal is not kept: {clean(str(error))}"
    return f"kept in {config.parent}; look at it with: reenact show {last.id} --config {config}"
