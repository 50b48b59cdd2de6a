"""What of a long record is not held in memory is read when it is needed, and nobody sees a difference."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from types import SimpleNamespace
from typing import Any

import attrs
import pytest
from pytest_reenact.memory import MemoryStore
from reenact import Status, retrieval, step, workflow
from reenact.errors import DamagedError, DivergenceError
from reenact.history import History
from reenact.records import RUN_PATH, Row
from reenact.retrieval import read_history

from conftest import Opened

STEPS = 40
LONG = "x" * 3000  # too long for an entry: content of its own

performed: list[str] = []
code = SimpleNamespace()


@pytest.fixture(autouse=True)
def fresh() -> None:
    performed.clear()
    code.what = str
    code.steps = STEPS
    code.fails = False


@pytest.fixture(params=[1, 3], ids=lambda window: f"{window} held")
def window(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    held: int = request.param
    monkeypatch.setattr(retrieval, "WINDOW", held)
    return held


@step
async def work(what: str) -> str:
    performed.append(what)
    return what + LONG


@step
async def work_typed(what: str) -> str:
    return what


@step
async def breaks() -> str:
    if code.fails:
        raise ValueError("broken")
    return "whole"


@workflow
async def long() -> list[str]:
    return [(await work(code.what(number)))[:3] for number in range(code.steps)]


@workflow
async def broken_early() -> list[str]:
    breaking = asyncio.ensure_future(breaks())
    found = [(await work(str(number)))[:3] for number in range(STEPS)]
    return [*found, await breaking]


class Counted(MemoryStore):
    """Counts how often a journal is read, and from where."""

    def __init__(self) -> None:
        super().__init__()
        self.read_from: list[int] = []

    def rows(self, run_id: str, start: int = 0) -> AsyncIterator[Sequence[Row]]:
        self.read_from.append(start)
        return super().rows(run_id, start)


@pytest.fixture(params=[3, 2048], ids=lambda rows: f"{rows} read")
def store(request: pytest.FixtureRequest) -> Counted:
    counted = Counted()
    counted.rows_at_a_time = request.param
    return counted


def cut_off(store: MemoryStore, run_id: str) -> MemoryStore:
    """Return the same with the run's end not on record."""
    cut = store.cut(run_id, len(store.journals[run_id]) - 1)
    cut.runs[run_id] = attrs.evolve(cut.runs[run_id], status=Status.RUNNING, owner="")
    return cut


async def test_no_more_is_held_than_the_windows(opened: Opened, store: Counted, window: int) -> None:
    """What lies between the first outcomes and the latest is an index, and is read in order."""
    async with opened() as runtime:
        run = await runtime.run(long)
    history = (await read_history(store, run.record, window=window)).history
    cut = cut_off(store, run.id)
    store.journals, store.runs = cut.journals, cut.runs
    store.read_from.clear()
    async with opened() as runtime:
        resumed = await runtime.resume(run.id)
    assert resumed.output == run.output
    assert len(history.steps) == len(history.outcomes) == 2 * window
    assert len(history.shelf) == STEPS - 2 * window
    reads = -(-(STEPS - 2 * window) // (2 * window))
    assert len(store.read_from) == 1 + reads
    assert store.read_from == sorted(store.read_from)


async def test_content_that_was_handed_over_is_let_go_of(
    opened: Opened, store: Counted, window: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not more content is held at any time than four windows name."""
    most = 0
    held = History.hold

    def hold(history: History, *found: Any) -> None:
        nonlocal most
        held(history, *found)
        most = max(most, len(history.blobs))

    monkeypatch.setattr(History, "hold", hold)
    async with opened() as runtime:
        run = await runtime.run(long)
    async with opened(store=cut_off(store, run.id)) as runtime:
        await runtime.resume(run.id)
    assert most == 4 * window


@pytest.mark.parametrize("place", [0, 20, STEPS - 1])
async def test_a_divergence_is_told_as_ever(
    opened: Opened, place: int, window: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever it is: another input, another type, a step too many, a workflow that ends too early."""

    async def told(held: int) -> list[str]:
        found = []
        for name, value in (("what", lambda n: f"{n}{'!' * (n == place)}"), ("steps", place)):
            with monkeypatch.context() as patch:
                patch.setattr(retrieval, "WINDOW", held)
                patch.setattr(code, name, value)
                with pytest.raises(DivergenceError) as raised:
                    await runtime.replay(run.id)
            found.append(f"{raised.value} {raised.value.then} {raised.value.now}")
        return found

    async with opened() as runtime:
        run = await runtime.run(long)
        assert await told(window) == await told(1000)


async def test_a_result_that_fits_no_more_is_told_as_ever(
    opened: Opened, store: Counted, window: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names the step as it was asked for."""

    @workflow(name="typed")
    async def typed() -> int:
        for number in range(STEPS):
            await work_typed(str(number))
        return STEPS

    async def told(held: int) -> str:
        monkeypatch.setattr(retrieval, "WINDOW", held)
        with pytest.raises(DivergenceError) as raised:
            await runtime.replay(run.id, retyped)
        return str(raised.value)

    @step(name="work_typed")
    async def work_retyped(what: str) -> int:
        return int(what)

    @workflow(name="typed")
    async def retyped() -> int:
        for number in range(STEPS):
            await (work_retyped if number == STEPS // 2 else work_typed)(str(number))
        return STEPS

    async with opened() as runtime:
        run = await runtime.run(typed)
        assert await told(window) == await told(1000)


async def resumed(opened: Opened, store: MemoryStore, run_id: str) -> tuple[Any, list[str], list[Any]]:
    """Resume a run on a store; return what it came to, what was performed, and what is on record then."""
    performed.clear()
    async with opened(store=store) as runtime:
        run = await runtime.resume(run_id)
        entries = (await read_history(store, run_id, keep_entries=True)).entries
    told = [(one.path, one.status, one.generation, one.again, one.revised_from) for one in entries]
    return run.output, list(performed), told


@pytest.mark.parametrize("place", [1, 20, STEPS - 2])
async def test_a_changed_step_is_taken_up_as_ever(
    opened: Opened, store: Counted, place: int, window: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run leaves the recorded order there, and what follows keeps its outcomes."""
    async with opened() as runtime:
        run = await runtime.run(long)
    code.what = lambda number: f"{number}{'!' * (number == place)}"
    found = []
    for held in (window, 1000):
        monkeypatch.setattr(retrieval, "WINDOW", held)
        found.append(await resumed(opened, cut_off(store, run.id), run.id))
    assert found[0] == found[1]
    assert found[0][1] == [f"{place}!"]


async def test_a_run_that_failed_far_back_begins_again_there(
    opened: Opened, store: Counted, window: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The step that failed runs again, the others keep what they came to, and the next replay knows."""
    code.fails = True
    async with opened() as runtime:
        run = await runtime.run(broken_early)
    assert run.status is Status.FAILED
    code.fails = False
    found = []
    for held in (window, 1000):
        monkeypatch.setattr(retrieval, "WINDOW", held)
        copy = store.cut(run.id, len(store.journals[run.id]))
        copy.runs[run.id] = attrs.evolve(store.runs[run.id], owner="")
        found.append(await resumed(opened, copy, run.id))
        async with opened(store=copy) as runtime:
            assert (await runtime.replay(run.id)).output == found[-1][0]
    assert found[0] == found[1]
    assert found[0][0][-1] == "whole"
    assert found[0][1] == []
    assert any(path == RUN_PATH and revised >= 0 for path, *_, revised in found[0][2])


async def test_a_fork_reads_on_in_the_run_it_comes_from(opened: Opened, store: Counted, window: int) -> None:
    """What it shares is read from there, also the second time."""
    async with opened() as runtime:
        run = await runtime.run(long)
        forked = await runtime.fork(run.id, f"work#{STEPS - 2}", long)
        performed.clear()
        replayed = await runtime.replay(forked.id)
    assert replayed.output == forked.output == run.output
    assert performed == []


async def test_damage_is_found_the_second_time_too(
    opened: Opened, store: Counted, window: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row that is changed after the record was checked is not handed over."""
    async with opened() as runtime:
        run = await runtime.run(long)
    cut = cut_off(store, run.id)
    rows = cut.journals[run.id]
    changed = next(i for i, row in enumerate(rows) if b'"path":"work#20"' in row.body) + 1
    whole = list(rows)
    read = retrieval.read_to_run

    async def then_damaged(*given: Any) -> History:
        history = await read(*given)
        rows[changed] = Row(changed, whole[changed].body.replace(b"work", b"wark"), whole[changed].checksum)
        return history

    async def then_cut(*given: Any) -> History:
        history = await read(*given)
        del rows[changed:]
        return history

    async with opened(store=cut) as runtime:
        monkeypatch.setattr("reenact.runs.read_to_run", then_damaged)
        with pytest.raises(DamagedError, match=f"row {changed} was changed"):
            await runtime.resume(run.id)
        rows[:] = whole
        monkeypatch.setattr("reenact.runs.read_to_run", then_cut)
        with pytest.raises(DamagedError, match=f"row {changed} is missing"):
            await runtime.resume(run.id)
