"""Reenact on each case: no-op async steps, on a fresh SQLite store, as a user would open it."""

import asyncio
import gc
import itertools
import statistics
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Literal

from common import (
    CHAT_TURN_BYTES,
    CHAT_TURNS,
    PAYLOAD_BYTES,
    RUNS,
    SEQUENCE_STEPS,
    STEPS_PER_RUN,
    STORED_BYTES,
    Measure,
    Watch,
    bytes_on_disk,
    fresh_process,
    noise,
    words,
)
from long_cases import fork_size, replay_growth, replay_memory
from policy_cases import policies_added, policies_added_full
from provider_cases import many_overhead, memory_overhead, overhead, run_overhead, stream_overhead
from reenact import (
    Config,
    LlmMessage,
    LlmRequest,
    LlmResponse,
    Plugins,
    Runtime,
    Status,
    Usage,
    assistant,
    llm,
    parallel,
    step,
    user,
    wait_signal,
    workflow,
)
from reenact.config import JournalOptions
from reenact.seams import CallContext, Capabilities

NAME = "Reenact"
PACKAGES = ("reenact-core", "reenact-sqlite", "aiosqlite", "msgspec")
DURABILITY = "intent before the step and outcome after it, WAL, synchronous=full, a checksum an entry"
SKIPPED: dict[str, str] = {}

GROWN_STEPS = 100_000
YOUNG_STEPS = 1_000
TIMED_STEPS = 400
WAITING_RUNS = 10_000
PROBE_RUNS = 100

_answers = [words(PAYLOAD_BYTES, number) for number in range(SEQUENCE_STEPS)]


@step
async def answer(number: int) -> str:
    """Return 1 KB."""
    return _answers[number % SEQUENCE_STEPS]


@step
async def document(number: int) -> str:
    """Return 4 KB of words."""
    return words(STORED_BYTES, number)


@step
async def picture(number: int) -> str:
    """Return 4 KB of base64."""
    return noise(STORED_BYTES, number)


@workflow
async def sequence(count: int, first: int = 0) -> int:
    """Do *count* steps one after the other."""
    for number in range(first, first + count):
        await answer(number)
    return count


@workflow
async def at_once(count: int) -> int:
    """Do *count* steps at once."""
    return len(await parallel(answer, range(count)))


@workflow
async def documents(count: int) -> int:
    """Keep *count* texts."""
    for number in range(count):
        await document(number)
    return count


@workflow
async def pictures(count: int) -> int:
    """Keep *count* texts that do not compress."""
    for number in range(count):
        await picture(number)
    return count


# --- opening ---------------------------------------------------------------------------------------


def config(folder: Path, synchronous: Literal["full", "normal"] = "full") -> Config:
    """Return a configuration with its journal in *folder*."""
    return Config(
        root=folder,
        journal=JournalOptions(store="sqlite"),
        journal_options={"path": str(folder / "journal.db"), "synchronous": synchronous},
    )


def _measured(
    measure: Callable[[Runtime], Awaitable[float]], synchronous: Literal["full", "normal"] = "full"
) -> Measure:
    """Return a measure that opens a runtime, runs one short run to warm it up, and then measures."""

    async def opened(folder: Path) -> float:
        async with Runtime.open(config(folder, synchronous), plugins=Plugins()) as runtime:
            await _done(runtime, sequence, 5)
            gc.collect()
            return await measure(runtime)

    return lambda folder: asyncio.run(opened(folder))


async def _done(runtime: Runtime, flow: Callable[..., Awaitable[Any]], *args: Any) -> str:
    """Run *flow* to its end and return the run's id; an error of the run is raised."""
    run = await runtime.run(flow, *args)
    assert run.output is not None  # reading it raises what the run raised
    return run.id


# --- speed -----------------------------------------------------------------------------------------


async def _sequence(runtime: Runtime) -> float:
    watch = Watch()
    await _done(runtime, sequence, SEQUENCE_STEPS)
    return watch.per_second(SEQUENCE_STEPS)


async def _at_once(runtime: Runtime) -> float:
    watch = Watch()
    await _done(runtime, at_once, SEQUENCE_STEPS)
    return watch.per_second(SEQUENCE_STEPS)


async def _runs(runtime: Runtime) -> float:
    watch = Watch()
    await asyncio.gather(
        *(_done(runtime, sequence, STEPS_PER_RUN, number * STEPS_PER_RUN) for number in range(RUNS))
    )
    return watch.per_second(RUNS * STEPS_PER_RUN)


async def _replayed(runtime: Runtime) -> float:
    run_id = await _done(runtime, sequence, SEQUENCE_STEPS)
    gc.collect()
    watch = Watch()
    run = await runtime.replay(run_id, sequence)
    rate = watch.per_second(SEQUENCE_STEPS)
    assert run.output == SEQUENCE_STEPS
    return rate


_ONE_STEP = """
import asyncio
import sys
from pathlib import Path

from reenact import Config, Runtime, step, workflow
from reenact.config import JournalOptions


@step
async def greet(name: str) -> str:
    return f"hello {name}"


@workflow
async def greeting(name: str) -> str:
    return await greet(name)


async def main(folder: Path) -> None:
    journal = {"path": str(folder / "journal.db")}
    config = Config(root=folder, journal=JournalOptions(store="sqlite"), journal_options=journal)
    async with Runtime.open(config) as runtime:
        run = await runtime.run(greeting, "you")
        assert run.output == "hello you"


asyncio.run(main(Path(sys.argv[1])))
"""


# --- room ------------------------------------------------------------------------------------------


def _stored(flow: Callable[..., Awaitable[Any]]) -> Measure:
    """Return a measure of the bytes that a step of *flow* takes, the closed store's fixed part included."""

    async def filled(folder: Path) -> None:
        async with Runtime.open(config(folder)) as runtime:
            await _done(runtime, flow, SEQUENCE_STEPS)

    def measure(folder: Path) -> float:
        asyncio.run(filled(folder))
        return bytes_on_disk(folder) / SEQUENCE_STEPS

    return measure


class Talker:
    """A provider whose answers are half a turn long."""

    name = "talker"
    capabilities = Capabilities(stream=False)

    async def complete(self, model: str, request: LlmRequest, context: CallContext) -> LlmResponse:
        """Answer."""
        text = words(CHAT_TURN_BYTES // 2, 2 * len(request.messages))
        return LlmResponse(message=assistant(text), model=model, usage=Usage(input_tokens=1, output_tokens=1))

    def stream(self, model: str, request: LlmRequest, context: CallContext) -> Any:
        """Refuse: nothing here streams."""
        raise NotImplementedError


@workflow
async def conversation(turns: int) -> int:
    """Talk for *turns* turns, the whole conversation in every prompt."""
    said: list[LlmMessage] = []
    for turn in range(turns):
        said.append(user(words(CHAT_TURN_BYTES // 2, 2 * turn + 1)))
        said.append(assistant(await llm("talker:any", list(said))))
    return len(said)


def _chat(folder: Path) -> float:
    async def talked() -> None:
        async with Runtime.open(config(folder), providers={"talker": Talker()}) as runtime:
            await _done(runtime, conversation, CHAT_TURNS)

    asyncio.run(talked())
    return bytes_on_disk(folder) / CHAT_TURNS


# --- growth ----------------------------------------------------------------------------------------

_begun_s: list[float] = []


@step
async def stamp(number: int) -> str:
    """Return 1 KB, and note when it began."""
    _begun_s.append(time.perf_counter())
    return _answers[number % SEQUENCE_STEPS]


@workflow
async def grown(history: int) -> int:
    """Put *history* steps on record, then do some more in a sequence."""
    for _ in range(0, history, SEQUENCE_STEPS):
        await parallel(answer, range(SEQUENCE_STEPS))
    for number in range(TIMED_STEPS):
        await stamp(number)
    return history


async def _step_s(runtime: Runtime, history: int) -> float:
    """Return the median seconds of a step that follows *history* others in its run."""
    _begun_s.clear()
    await _done(runtime, grown, history)
    return statistics.median(after - before for before, after in itertools.pairwise(_begun_s))


async def _growth(runtime: Runtime) -> float:
    young_s = await _step_s(runtime, YOUNG_STEPS)
    return await _step_s(runtime, GROWN_STEPS) / young_s


@workflow
async def waits(number: int) -> int:
    """Wait for a signal."""
    return number + await wait_signal("go", int)


def _resident_bytes() -> int:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096


async def _start_waiting(runtime: Runtime, count: int) -> None:
    handles = [await runtime.start(waits, (number,)) for number in range(count)]
    while any(handle.status is not Status.WAITING for handle in handles):
        await asyncio.sleep(0.05)


async def _waiting(runtime: Runtime) -> float:
    await _start_waiting(runtime, PROBE_RUNS)
    before = _resident_bytes()
    await _start_waiting(runtime, WAITING_RUNS)
    return (_resident_bytes() - before) / WAITING_RUNS / 1024


CASES: dict[str, Measure] = {
    "A": _measured(_sequence),
    "A'": _measured(_sequence, "normal"),
    "B": _measured(_at_once),
    "C": _measured(_runs),
    "D": _measured(_replayed),
    "E": lambda folder: fresh_process(_ONE_STEP, folder),
    "F": _stored(documents),
    "F64": _stored(pictures),
    "F'": _chat,
    "G": _measured(_growth, "normal"),
    "G/replay": replay_growth,
    "G/memory": replay_memory,
    "G/fork": fork_size,
    "H": _measured(_waiting, "normal"),
    "I": overhead,
    "I/stream": stream_overhead,
    "I/200": many_overhead,
    "I/memory": memory_overhead,
    "I/run": run_overhead,
    "J": policies_added,
    "J/full": policies_added_full,
}
