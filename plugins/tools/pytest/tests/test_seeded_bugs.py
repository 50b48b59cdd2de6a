"""Workflows with one known fault each: a sweep, another order or the check finds it, and names its line."""

import inspect
import textwrap
from typing import Any

import attrs
import pytest
from pytest_reenact.memory import MemoryStore
from reenact import Plugins, Runtime
from reenact.config import Config
from reenact.scheduler import SkippingClock

QUIETLY = ("-p", "no:randomly", "-p", "no:hypothesispytest", "-p", "no:asyncio", "--check-determinism=off")
CRASH = ("--crash-everywhere",)
SHUFFLE = ("--shuffle", "1-8")
MARK = "# here"

HEAD = """import asyncio, random, time
from pathlib import Path
from reenact import NotDone, parallel, step, tool, workflow

@step
async def note(text: str) -> str:
    await asyncio.sleep(0)
    return text.upper()

async def never(to: str) -> str:
    raise NotDone

@tool(effect="once", reconcile=never)
async def send(to: str) -> str:
    return f"sent to {to}"

@step
async def grow(file: str) -> str:
    path = Path(file)
    path.write_text(path.read_text() + "x")
    return "grown"

"""


@attrs.frozen
class Seeded:
    """A workflow with a fault, and what finds it.

    Attributes:
        found_by: The options that find it.
        code: The workflow ``faulty``; the line at fault is marked.
        test: The test's body; by default the workflow is run.
        arguments: Fixtures that the test takes.
    """

    found_by: tuple[str, ...]
    code: str
    test: str = "runtime.run_sync(faulty)"
    arguments: str = "runtime"

    @property
    def source(self) -> str:
        """A whole module."""
        test = textwrap.indent(textwrap.dedent(self.test).strip(), "    ")
        return f"{HEAD}{textwrap.dedent(self.code).strip()}\n\ndef test_it({self.arguments}):\n{test}\n"

    @property
    def line(self) -> int:
        """The line at fault."""
        return next(n for n, line in enumerate(self.source.splitlines(), 1) if line.endswith(MARK))


FAULTS = {
    "reads the clock": Seeded(
        CRASH,
        """
        @workflow
        async def faulty() -> str:
            await note("a")
            await note(f"at {time.time_ns()}")  # here
            return await note("b")
        """,
    ),
    "uses random": Seeded(
        CRASH,
        """
        @workflow
        async def faulty() -> str:
            await note("a")
            return await note(f"number {random.random()}")  # here
        """,
    ),
    "repeats an effect on resume": Seeded(
        CRASH,
        """
        @workflow
        async def faulty() -> str:
            await note("a")
            return await send("me")  # here
        """,
    ),
    "depends on completion order": Seeded(
        SHUFFLE,
        """
        @workflow
        async def faulty() -> str:
            tasks = [asyncio.create_task(note(text)) for text in "abc"]  # here
            done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.gather(*pending)
            return done.pop().result()
        """,
    ),
    "reads a file": Seeded(
        CRASH,
        """
        @workflow
        async def faulty(file: str) -> str:
            text = Path(file).read_text()
            await note(f"it has {len(text)}")  # here
            return await grow(file)
        """,
        """
        file = tmp_path / "file"
        file.write_text("x")
        runtime.run_sync(faulty, str(file))
        """,
        "runtime, tmp_path",
    ),
    "mutates a shared list between branches": Seeded(
        SHUFFLE,
        """
        @workflow
        async def faulty() -> list[str]:
            found = []
            async def branch(text):
                found.append(await note(text))  # here
            await parallel(branch, ["a", "b", "c", "d"])
            return found
        """,
    ),
    "swallows cancellation": Seeded(
        CRASH,
        """
        @workflow
        async def faulty() -> str:
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                pass
            return await note("went on")  # here
        """,
        """
        async def go():
            async with runtime:
                handle = await runtime.start(faulty)
                await runtime.cancel(handle.id)
                await handle.wait()
        runtime.sync(go())
        """,
    ),
    "leaks a task": Seeded(
        SHUFFLE,
        """
        @workflow
        async def faulty() -> str:
            leaked = asyncio.create_task(note("late"))  # here
            return await note("done")
        """,
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_and_its_line_named(name: str, pytester: pytest.Pytester) -> None:
    """The test passes by itself, fails under the option, and the report has file and line."""
    fault = FAULTS[name]
    pytester.makepyfile(test_it=fault.source)

    alone = pytester.runpytest_inprocess(*QUIETLY)
    found = pytester.runpytest_inprocess(*fault.found_by, *QUIETLY)

    alone.assert_outcomes(passed=1)
    found.assert_outcomes(failed=1)
    assert f"test_it.py:{fault.line}" in found.stdout.str()
    assert "repeat with: " in found.stdout.str() or name == "swallows cancellation"


@pytest.mark.parametrize("name", ["reads the clock", "uses random", "reads a file"])
async def test_the_check_finds_it_without_a_crash(name: str, tmp_path: Any, monkeypatch: Any) -> None:
    """What asks the world for something is found by looking on, in one run, on the line that asks."""
    determinism = pytest.importorskip("reenact_determinism")
    path = tmp_path / "seeded_flow.py"
    path.write_text(FAULTS[name].source)
    monkeypatch.syspath_prepend(tmp_path)
    module: dict[str, Any] = {"__name__": "seeded_flow"}
    exec(compile(path.read_text(), str(path), "exec"), module)  # noqa: S102  # it is this module's own
    faulty = module["faulty"]
    file = tmp_path / "file"
    file.write_text("x")
    arguments = [str(file)] if inspect.signature(faulty).parameters else []
    told: list[Any] = []

    with determinism.Determinism(told=told.append) as watch:
        plugins, clock = Plugins(installed=False), SkippingClock()
        async with Runtime.open(
            Config(), store=MemoryStore(), plugins=plugins, clock=clock, watches=[watch]
        ) as runtime:
            await runtime.run(faulty, *arguments)

    asks = next(
        n for n, line in enumerate(path.read_text().splitlines(), 1) if _ASKS[name] in line and n > 23
    )
    assert (str(path), asks) in [(one.lines[0].file, one.lines[0].line) for one in told]


_ASKS = {
    "reads the clock": "time.time_ns()",
    "uses random": "random.random()",
    "reads a file": ".read_text()",
}
