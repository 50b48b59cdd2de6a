"""What a long record costs to read: a run of 100,000 steps is replayed, and forked.

The run is made first, without synchronisation of each commit, and the store is closed and
opened again: what is measured starts from the files.
"""

import asyncio
import resource
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from common import PAYLOAD_BYTES, SEQUENCE_STEPS, Measure, bytes_on_disk, words
from reenact import Config, Plugins, Runtime, step, workflow
from reenact.config import JournalOptions

SHORT_STEPS = 1_000
LONG_STEPS = 100_000
_answers = [words(PAYLOAD_BYTES, number) for number in range(SEQUENCE_STEPS)]


@step
async def told(number: int) -> str:
    """Return 1 KB."""
    return _answers[number % SEQUENCE_STEPS]


@workflow
async def long(steps: int) -> int:
    """Do *steps* steps, one after another."""
    for number in range(steps):
        await told(number)
    return steps


def _config(folder: Path) -> Config:
    options = {"path": str(folder / "journal.db"), "synchronous": "normal"}
    return Config(root=folder, journal=JournalOptions(store="sqlite"), journal_options=options)


async def _record(folder: Path, steps: int) -> str:
    """Put a run of so many steps on record, and return its id."""
    async with Runtime.open(_config(folder), plugins=Plugins()) as runtime:
        return (await runtime.run(long, steps)).id


def _recorded(steps: int, measure: Callable[[Runtime, str], Awaitable[float]]) -> Measure:
    """Return a measure of something done to a run of so many steps that is on record."""

    async def measured(folder: Path) -> float:
        run_id = await _record(folder, steps)
        async with Runtime.open(_config(folder), plugins=Plugins()) as runtime:
            return await measure(runtime, run_id)

    return lambda folder: asyncio.run(measured(folder))


async def _replayed_s(runtime: Runtime, run_id: str) -> float:
    begun_s = time.perf_counter()
    run = await runtime.replay(run_id, long)
    return (time.perf_counter() - begun_s) / run.record.steps


async def _peak_mb(runtime: Runtime, run_id: str) -> float:
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    await runtime.replay(run_id, long)
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb) / 1024


def replay_growth(folder: Path) -> float:
    """Return the time a step takes to replay in a run of 100,000, over that in one of 1,000."""
    for name in ("short", "long"):
        (folder / name).mkdir()
    short_s = _recorded(SHORT_STEPS, _replayed_s)(folder / "short")
    return _recorded(LONG_STEPS, _replayed_s)(folder / "long") / short_s


replay_memory = _recorded(LONG_STEPS, _peak_mb)
"""Returns by how many MB the replay of 100,000 steps raises the peak of the process that recorded them."""


def fork_size(folder: Path) -> float:
    """Return the bytes that a fork of a run of 100,000 steps, at its last step, adds to the closed store."""

    async def fork(run_id: str) -> None:
        async with Runtime.open(_config(folder), plugins=Plugins()) as runtime:
            run = await runtime.fork(run_id, f"told#{LONG_STEPS - 1}", long)
            assert run.output == LONG_STEPS

    run_id = asyncio.run(_record(folder, LONG_STEPS))
    before = bytes_on_disk(folder)
    asyncio.run(fork(run_id))
    return bytes_on_disk(folder) - before
