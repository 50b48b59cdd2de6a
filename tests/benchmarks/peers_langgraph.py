"""LangGraph's functional API on its SQLite saver: async tasks, ``durability="sync"``."""

# mypy: disable-error-code="import-not-found, untyped-decorator"
# A peer is optional: where it is not installed, nothing of it has a type.

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

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

NAME = "LangGraph"
PACKAGES = ("langgraph", "langgraph-checkpoint-sqlite")
DURABILITY = "a task's write after it ran, no intent before; WAL, full sync"
SKIPPED = {"G": "not measured", "H": "not measured"}


def _declare(saver: Any) -> Any:
    from langgraph.func import entrypoint, task

    answers = [words(PAYLOAD_BYTES, number) for number in range(SEQUENCE_STEPS)]
    made = SimpleNamespace(failing=False)

    @task
    async def answer(number: int) -> str:
        return answers[number % SEQUENCE_STEPS]

    @task
    async def document(number: int) -> str:
        return words(STORED_BYTES, number)

    @task
    async def picture(number: int) -> str:
        return noise(STORED_BYTES, number)

    @entrypoint(checkpointer=saver)
    async def sequence(count: int) -> int:
        for number in range(count):
            await answer(number)
        if made.failing:
            raise RuntimeError("stopped before its end is on record")
        return count

    @entrypoint(checkpointer=saver)
    async def at_once(count: int) -> int:
        return len(await asyncio.gather(*(answer(number) for number in range(count))))

    @entrypoint(checkpointer=saver)
    async def documents(count: int) -> int:
        for number in range(count):
            await document(number)
        return count

    @entrypoint(checkpointer=saver)
    async def pictures(count: int) -> int:
        for number in range(count):
            await picture(number)
        return count

    @entrypoint(checkpointer=saver)
    async def turn(said: str, *, previous: Any = None) -> Any:
        history = [*(previous or []), said, words(CHAT_TURN_BYTES // 2, 2 * len(previous or []))]
        return entrypoint.final(value=len(history), save=history)

    made.sequence, made.at_once, made.turn = sequence, at_once, turn
    made.documents, made.pictures = documents, pictures
    return made


async def _invoke(flow: Any, given: Any, thread: str) -> Any:
    return await flow.ainvoke(given, {"configurable": {"thread_id": thread}}, durability="sync")


def _opened(work: Callable[[Any], Awaitable[float]]) -> Measure:
    """Return a measure of *work* on a saver in the folder."""

    async def run(folder: Path) -> float:
        from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

        async with AsyncSqliteSaver.from_conn_string(str(folder / "checkpoints.db")) as saver:
            return await work(_declare(saver))

    return lambda folder: asyncio.run(run(folder))


def _timed(work: Callable[[Any], Awaitable[object]], steps: int) -> Measure:
    async def timed(flows: Any) -> float:
        await _invoke(flows.sequence, 5, "warm-up")
        watch = Watch()
        await work(flows)
        return watch.per_second(steps)

    return _opened(timed)


async def _runs(flows: Any) -> None:
    await asyncio.gather(*(_invoke(flows.sequence, STEPS_PER_RUN, f"run-{number}") for number in range(RUNS)))


async def _resumed(flows: Any) -> float:
    """Return the rate at which an entrypoint is taken up whose tasks are all on record."""
    flows.failing = True
    try:
        await _invoke(flows.sequence, SEQUENCE_STEPS, "run")
    except RuntimeError:
        flows.failing = False
    watch = Watch()
    assert await _invoke(flows.sequence, None, "run") == SEQUENCE_STEPS
    return watch.per_second(SEQUENCE_STEPS)


def _stored(name: str) -> Measure:
    async def fill(flows: Any) -> float:
        return float(await _invoke(getattr(flows, name), SEQUENCE_STEPS, "run"))

    def measure(folder: Path) -> float:
        _opened(fill)(folder)
        return bytes_on_disk(folder) / SEQUENCE_STEPS

    return measure


async def _talk(flows: Any) -> float:
    for turn in range(CHAT_TURNS):
        await _invoke(flows.turn, words(CHAT_TURN_BYTES // 2, 2 * turn + 1), "chat")
    return CHAT_TURNS


def _chat(folder: Path) -> float:
    _opened(_talk)(folder)
    return bytes_on_disk(folder) / CHAT_TURNS


_ONE_STEP = """
import asyncio
import sys
import uuid

from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.func import entrypoint, task


@task
async def greet(name: str) -> str:
    return f"hello {name}"


async def main(folder: str) -> None:
    async with AsyncSqliteSaver.from_conn_string(f"{folder}/checkpoints.db") as saver:

        @entrypoint(checkpointer=saver)
        async def greeting(name: str) -> str:
            return await greet(name)

        thread = {"configurable": {"thread_id": str(uuid.uuid4())}}
        assert await greeting.ainvoke("you", thread, durability="sync") == "hello you"


asyncio.run(main(sys.argv[1]))
"""

CASES: dict[str, Measure] = {
    "A": _timed(lambda flows: _invoke(flows.sequence, SEQUENCE_STEPS, "run"), SEQUENCE_STEPS),
    "B": _timed(lambda flows: _invoke(flows.at_once, SEQUENCE_STEPS, "run"), SEQUENCE_STEPS),
    "C": _timed(_runs, RUNS * STEPS_PER_RUN),
    "D": _opened(_resumed),
    "E": lambda folder: fresh_process(_ONE_STEP, folder),
    "F": _stored("documents"),
    "F64": _stored("pictures"),
    "F'": _chat,
}
