"""DBOS on its SQLite system database: async workflows and steps, its defaults."""

# mypy: disable-error-code="import-not-found, untyped-decorator"
# A peer is optional: where it is not installed, nothing of it has a type.

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from types import SimpleNamespace
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

NAME = "DBOS"
PACKAGES = ("dbos", "sqlalchemy")
DURABILITY = "a step's output after it ran, no intent before; SQLite's defaults (rollback journal, full sync)"
SKIPPED = {"F'": "keeps step outputs, has no chat of its own", "G": "not measured", "H": "not measured"}

_CRASHED = 17


def _launch(folder: Path, executor_id: str = "bench") -> Any:
    """Launch DBOS on a database in *folder* and return its steps and workflows."""
    from dbos import DBOS

    made = _declare(DBOS)
    DBOS(
        config={
            "name": "bench",
            "system_database_url": f"sqlite:///{folder / 'dbos.sqlite'}",
            "log_level": "ERROR",
            "executor_id": executor_id,
            "application_version": "1",
        }
    )
    DBOS.launch()
    return made


def _declare(dbos: Any) -> Any:
    answers = [words(PAYLOAD_BYTES, number) for number in range(SEQUENCE_STEPS)]

    @dbos.step()
    async def answer(number: int) -> str:
        return answers[number % SEQUENCE_STEPS]

    @dbos.step()
    async def document(number: int) -> str:
        return words(STORED_BYTES, number)

    @dbos.step()
    async def picture(number: int) -> str:
        return noise(STORED_BYTES, number)

    @dbos.workflow()
    async def sequence(count: int) -> int:
        for number in range(count):
            await answer(number)
        if os.environ.get("BENCHMARK_CRASH"):
            os._exit(_CRASHED)
        return count

    @dbos.workflow()
    async def at_once(count: int) -> int:
        return len(await asyncio.gather(*(answer(number) for number in range(count))))

    @dbos.workflow()
    async def documents(count: int) -> int:
        for number in range(count):
            await document(number)
        return count

    @dbos.workflow()
    async def pictures(count: int) -> int:
        for number in range(count):
            await picture(number)
        return count

    return SimpleNamespace(
        sequence=sequence, at_once=at_once, documents=documents, pictures=pictures, dbos=dbos
    )


def _timed(work: Callable[[Any], Coroutine[Any, Any, object]], steps: int) -> Measure:
    """Return a measure of *work* on a launched DBOS, after a short workflow to warm it up."""

    async def timed(flows: Any) -> float:
        await flows.sequence(5)
        watch = Watch()
        await work(flows)
        return watch.per_second(steps)

    def measure(folder: Path) -> float:
        flows = _launch(folder)
        try:
            return asyncio.run(timed(flows))
        finally:
            flows.dbos.destroy()

    return measure


async def _runs(flows: Any) -> None:
    await asyncio.gather(*(flows.sequence(STEPS_PER_RUN) for _ in range(RUNS)))


def crash(folder: Path) -> None:
    """Run a sequence and die before its end is on record."""
    flows = _launch(folder, "crashed")
    asyncio.run(flows.sequence(SEQUENCE_STEPS))


def _recovered(folder: Path) -> float:
    """Return the rate at which another process takes up a workflow whose steps are all on record."""
    code = "import sys, pathlib, peers_dbos; peers_dbos.crash(pathlib.Path(sys.argv[1]))"
    env = {**os.environ, "BENCHMARK_CRASH": "1", "PYTHONPATH": str(Path(__file__).parent)}
    done = subprocess.run([sys.executable, "-c", code, str(folder)], env=env, check=False)
    assert done.returncode == _CRASHED
    flows = _launch(folder, "recovering")
    try:
        watch = Watch()
        (handle,) = flows.dbos._recover_pending_workflows(["crashed"])
        assert handle.get_result(polling_interval_sec=0.01) == SEQUENCE_STEPS
        return watch.per_second(SEQUENCE_STEPS)
    finally:
        flows.dbos.destroy()


_ONE_STEP = """
import asyncio
import sys

from dbos import DBOS


@DBOS.step()
async def greet(name: str) -> str:
    return f"hello {name}"


@DBOS.workflow()
async def greeting(name: str) -> str:
    return await greet(name)


url = f"sqlite:///{sys.argv[1]}/dbos.sqlite"
DBOS(config={"name": "bench", "system_database_url": url, "log_level": "ERROR"})
DBOS.launch()
assert asyncio.run(greeting("you")) == "hello you"
DBOS.destroy()
"""


def _stored(name: str) -> Measure:
    def measure(folder: Path) -> float:
        flows = _launch(folder)
        try:
            asyncio.run(getattr(flows, name)(SEQUENCE_STEPS))
        finally:
            flows.dbos.destroy()
        return bytes_on_disk(folder) / SEQUENCE_STEPS

    return measure


CASES: dict[str, Measure] = {
    "A": _timed(lambda flows: flows.sequence(SEQUENCE_STEPS), SEQUENCE_STEPS),
    "B": _timed(lambda flows: flows.at_once(SEQUENCE_STEPS), SEQUENCE_STEPS),
    "C": _timed(_runs, RUNS * STEPS_PER_RUN),
    "D": _recovered,
    "E": lambda folder: fresh_process(_ONE_STEP, folder),
    "F": _stored("documents"),
    "F64": _stored("pictures"),
}
