"""Burr on its SQLite persister: an application whose state is saved after every action.

One application at a time uses the plain persister, as the tutorials do; many at once
share the async one. The state holds the last answer, not all of them.
"""

# mypy: disable-error-code="import-not-found, untyped-decorator, no-untyped-call, has-type"
# A peer is optional: where it is not installed, nothing of it has a type.

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from common import (
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

NAME = "Burr"
PACKAGES = ("burr",)
DURABILITY = (
    "the whole state after each action, no intent before; SQLite's defaults (rollback journal, full sync)"
)
SKIPPED = {
    "D": "loads the last state; it has no steps to go through again",
    "F'": "saves the whole state every time; not measured",
    "G": "not measured",
    "H": "not measured",
}


def _actions(answer: Callable[[int], str]) -> tuple[Any, Any]:
    """Return an action that answers, plain and async."""
    from burr.core import State, action

    @action(reads=["number"], writes=["number", "answer"])
    def plain(state: State[Any]) -> State[Any]:
        return state.update(number=state["number"] + 1, answer=answer(state["number"]))

    @action(reads=["number"], writes=["number", "answer"])
    async def waiting(state: State[Any]) -> State[Any]:
        return state.update(number=state["number"] + 1, answer=answer(state["number"]))

    return plain, waiting


def _builder(act: Any, count: int, app_id: str, persister: Any) -> Any:
    """Return an application that does *act* *count* times; not built yet."""
    from burr.core import ApplicationBuilder, Result, expr

    return (
        ApplicationBuilder()
        .with_actions(act=act, end=Result("number"))
        .with_transitions(("act", "act", expr(f"number < {count}")), ("act", "end"))
        .with_state(number=0)
        .with_entrypoint("act")
        .with_identifiers(app_id=app_id)
        .with_state_persister(persister)
    )


def _run(folder: Path, count: int, answer: Callable[[int], str]) -> float:
    """Do *count* actions in a sequence and return the rate."""
    from burr.core.persistence import SQLitePersister

    persister = SQLitePersister(str(folder / "burr.db"))
    persister.initialize()
    plain, _ = _actions(answer)
    application = _builder(plain, count, "run", persister).build()
    watch = Watch()
    application.run(halt_before=["end"])
    rate = watch.per_second(count)
    persister.connection.close()
    return rate


def _sequence(folder: Path) -> float:
    """Return the rate of a sequence, after a short one to warm up."""
    warm_up = folder / "warm-up"
    warm_up.mkdir()
    _run(warm_up, STEPS_PER_RUN, _answers())
    return _run(folder, SEQUENCE_STEPS, _answers())


def _answers() -> Callable[[int], str]:
    made = [words(PAYLOAD_BYTES, number) for number in range(SEQUENCE_STEPS)]
    return lambda number: made[number % SEQUENCE_STEPS]


def _many(runs: int, steps: int) -> Measure:
    """Return a measure of *runs* applications at once, of *steps* actions each, over one async persister."""

    async def run(folder: Path) -> float:
        from burr.integrations.persisters.b_aiosqlite import AsyncSQLitePersister

        _, act = _actions(_answers())
        async with AsyncSQLitePersister.from_values(db_path=str(folder / "burr.db")) as persister:
            await persister.initialize()
            await _one(act, STEPS_PER_RUN, "warm-up", persister)
            watch = Watch()
            await asyncio.gather(*(_one(act, steps, f"run-{number}", persister) for number in range(runs)))
            return watch.per_second(runs * steps)

    return lambda folder: asyncio.run(run(folder))


async def _one(act: Any, steps: int, app_id: str, persister: Any) -> None:
    application = await _builder(act, steps, app_id, persister).abuild()
    await application.arun(halt_before=["end"])


def _stored(answer: Callable[[int, int], str]) -> Measure:
    def measure(folder: Path) -> float:
        _run(folder, SEQUENCE_STEPS, lambda number: answer(STORED_BYTES, number))
        return bytes_on_disk(folder) / SEQUENCE_STEPS

    return measure


_ONE_STEP = """
import sys
import uuid

from burr.core import ApplicationBuilder, State, action
from burr.core.persistence import SQLitePersister


@action(reads=["name"], writes=["greeting"])
def greet(state: State) -> State:
    return state.update(greeting=f"hello {state['name']}")


persister = SQLitePersister(f"{sys.argv[1]}/burr.db")
persister.initialize()
application = (
    ApplicationBuilder()
    .with_actions(greet=greet)
    .with_state(name="you")
    .with_entrypoint("greet")
    .with_identifiers(app_id=str(uuid.uuid4()))
    .with_state_persister(persister)
    .build()
)
_, _, state = application.run(halt_after=["greet"])
assert state["greeting"] == "hello you"
"""

CASES: dict[str, Measure] = {
    "A": _sequence,
    "B": _many(SEQUENCE_STEPS, 1),
    "C": _many(RUNS, STEPS_PER_RUN),
    "E": lambda folder: fresh_process(_ONE_STEP, folder),
    "F": _stored(words),
    "F64": _stored(noise),
}
