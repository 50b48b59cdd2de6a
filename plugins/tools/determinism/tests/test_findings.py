"""The check finds what a replay may not repeat, on its very line, and nothing else."""

import asyncio
import inspect
import io
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from pytest_reenact.memory import MemoryStore
from reenact import Plugins, Runtime, Workflow
from reenact.config import Config
from reenact.opening import load_module
from reenact.scheduler import SkippingClock
from reenact.seams import Finding
from reenact_determinism import Determinism

SEEDED = Path(__file__).with_name("seeded.py")
LINES_ARE_SEEN = sys.version_info >= (3, 12) or sys.gettrace() is None
_MARK = re.compile(r"#: ([a-z ]+?)( lines)?$")

seeded = load_module(str(SEEDED), SEEDED.parent)
WORKFLOWS = sorted(name for name, value in vars(seeded).items() if isinstance(value, Workflow))


def marks(within: range, *, every: bool = True) -> dict[int, str]:
    """Return the faults in some lines of the file; not those that need lines to be seen, if not *every*."""
    found = {}
    for number, line in enumerate(SEEDED.read_text(encoding="utf-8").splitlines(), 1):
        mark = _MARK.search(line)
        if mark and number in within and (every or not mark[2]):
            found[number] = mark[1]
    return found


def lines_of(function: Any) -> range:
    lines, first = inspect.getsourcelines(function)
    return range(first, first + len(lines))


async def watched(workflow: Any, *args: Any) -> list[Finding]:
    """Run a workflow with somebody looking on; return what was found."""
    told: list[Finding] = []
    with Determinism(told=told.append) as watch:
        async with Runtime.open(
            Config(),
            store=MemoryStore(),
            plugins=Plugins(installed=False),
            clock=SkippingClock(),
            watches=[watch],
        ) as runtime:
            run = await runtime.run(workflow, *args)
            assert run.error is None, run.error
        assert list(watch.findings) == told
    return told


@pytest.mark.parametrize("name", WORKFLOWS)
async def test_each_fault_is_found_on_its_line(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """And no line without one: what is harmless, what steps do, what the user allows."""
    monkeypatch.setattr(sys, "stdin", io.StringIO("a line\nanother\n"))
    workflow = getattr(seeded, name)

    found = await watched(workflow)

    here = lines_of(workflow.spec.fn)
    by_line = {finding.lines[0].line: finding.kind for finding in found}
    found_here = {line: kind for line, kind in by_line.items() if line in here}
    assert {finding.lines[0].file for finding in found} <= {str(SEEDED)}
    assert marks(here, every=LINES_ARE_SEEN).items() <= found_here.items() <= marks(here).items()
    assert by_line.items() <= marks(range(1, 10_000)).items()


async def test_helpers_are_found_however_they_are_called() -> None:
    """Properties, operators, decorators, context managers, generators, tasks: every mark in the file."""
    found = await watched(seeded.callables)

    lines = {finding.lines[0].line for finding in found}
    section = range(lines_of(seeded.Stamped)[0], lines_of(seeded.callables.spec.fn)[-1] + 1)
    assert lines == set(marks(section))


def test_every_workflow_is_tried() -> None:
    """The file has as many as this list."""
    assert len(WORKFLOWS) == SEEDED.read_text(encoding="utf-8").count("@workflow\n")
    assert asyncio.iscoroutinefunction(seeded.clocks.spec.fn)
