"""A replay reads a long record as it goes, once and in order, and comes to what it would with all of it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from types import SimpleNamespace

import pytest
from pytest_reenact.memory import MemoryStore
from reenact import Workflow, patched, retrieval, step, workflow
from reenact.config import Config, RuntimeOptions
from reenact.errors import DamagedError
from reenact.history import History
from reenact.records import Row, Status

from conftest import Opened

STEPS = 30
SIP = 4
LONG = "x" * 3000  # too long for an entry: content of its own

code = SimpleNamespace()


class Sipped(MemoryStore):
    """Hands out a few rows at a time, and knows which."""

    rows_at_a_time = SIP

    def __init__(self) -> None:
        super().__init__()
        self.read: list[int] = []

    async def rows(self, run_id: str, start: int = 0) -> AsyncIterator[Sequence[Row]]:
        async for batch in super().rows(run_id, start):
            self.read += [row.seq for row in batch]
            yield batch


@pytest.fixture
def store() -> Sipped:
    return Sipped()


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrieval, "WINDOW", 1)
    code.changed = code.early = False


@step
async def work(what: str) -> str:
    return what + LONG


@step(pool="narrow")
async def narrow(what: str) -> str:
    return what


@workflow
async def work_on() -> list[str]:
    return [(await work(f"{number}{'!' * (code.changed and number == 9)}"))[:3] for number in range(STEPS)]


async def test_it_is_read_once_and_let_go_of(
    opened: Opened, store: Sipped, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each row is read once, in order, and no more is held than a few sips."""
    most = SimpleNamespace(steps=0, blobs=0)
    looked_on = History.looked_on

    def looking_on(history: History, *found: dict[str, object]) -> None:
        looked_on(history, *found)  # type: ignore[arg-type]  # handed through
        most.steps = max(most.steps, len(history.steps), len(history.outcomes), len(history.pending))
        most.blobs = max(most.blobs, len(history.blobs))

    async with opened() as runtime:
        run = await runtime.run(work_on)
        rows = len(store.journals[run.id])
        store.read.clear()
        monkeypatch.setattr(History, "looked_on", looking_on)
        replayed = await runtime.replay(run.id)
    assert replayed.output == run.output
    assert store.read == list(range(rows))
    assert 0 < most.steps <= 2 * SIP
    assert 0 < most.blobs <= 3 * SIP


async def test_what_is_begun_late_is_looked_for(opened: Opened, store: Sipped) -> None:
    """Steps that waited for a place stand on record far behind where they were asked for."""

    @workflow
    async def many() -> list[str]:
        return await asyncio.gather(*(narrow(str(number)) for number in range(STEPS)))

    async with opened(Config(runtime=RuntimeOptions(pools={"narrow": 2}))) as runtime:
        run = await runtime.run(many)
        assert (await runtime.replay(run.id)).output == run.output == [str(number) for number in range(STEPS)]


async def test_what_is_never_begun_is_not_looked_for(opened: Opened, store: Sipped) -> None:
    """A step that is taken back in the turn in which it is asked for has nothing read ahead."""

    @workflow
    async def hasty() -> str:
        found = ""
        for number in range(STEPS):
            asking = asyncio.ensure_future(work("never"))
            await asyncio.sleep(0)
            asking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asking
            found = (await work(str(number)))[:3]
            ahead.append(len(store.read))
        return found

    ahead: list[int] = []
    async with opened() as runtime:
        run = await runtime.run(hasty)
        ahead.clear()
        store.read.clear()
        assert (await runtime.replay(run.id)).output == run.output
    assert ahead[0] <= 2 * SIP
    assert ahead == sorted(ahead)


@pytest.mark.parametrize("place", [1, 20, STEPS - 4])
async def test_a_record_that_left_its_order_is_read_whole(opened: Opened, store: Sipped, place: int) -> None:
    """A run that went on with a changed input, or took up again after a failure, replays as it ended."""
    async with opened() as runtime:
        run = await runtime.run(work_on)
    rows = 2 * place + 6
    cut = store.cut(run.id, rows)
    code.changed = True
    async with opened(store=cut) as runtime:
        resumed = await runtime.resume(run.id)
        store.journals, store.runs, store.content = cut.journals, cut.runs, cut.content
    async with opened() as runtime:
        store.read.clear()
        replayed = await runtime.replay(run.id)
    assert replayed.output == resumed.output
    assert "9!x" in replayed.output
    assert (store.read != sorted(store.read)) == (rows > 2 * 9)


@pytest.mark.parametrize("sip", [SIP, 1000])
async def test_a_patch_that_is_asked_for_earlier_is_found(
    opened: Opened, store: Sipped, sip: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a patch was answered stands wherever the run asked for it, though the code asks earlier now."""
    monkeypatch.setattr(store, "rows_at_a_time", sip)

    told: list[bool] = []

    @workflow
    async def mended() -> int:
        if code.early:
            told.append(patched("mended"))
        for number in range(STEPS):
            await work(str(number))
        told.append(patched("mended"))
        return STEPS

    async with opened() as runtime:
        run = await runtime.run(mended)
        code.early = True
        assert (await runtime.replay(run.id)).output == run.output
    assert told[-2:] == [True, True]


async def test_damage_is_found_where_it_stands(opened: Opened, store: Sipped) -> None:
    """A row that was changed far behind is not handed over, and the error names it."""
    async with opened() as runtime:
        run = await runtime.run(work_on)
        rows = store.journals[run.id]
        changed = rows[-5]
        rows[-5] = Row(changed.seq, changed.body.replace(b"work", b"wark"), changed.checksum)
        with pytest.raises(DamagedError, match=f"row {changed.seq} was changed"):
            await runtime.replay(run.id)


async def test_a_run_that_has_not_ended_replays_as_far_as_it_came(opened: Opened, store: Sipped) -> None:
    """The record is read to its end, and the replay says where that is."""
    async with opened() as runtime:
        run = await runtime.run(work_on)
    cut = store.cut(run.id, 2 * 20 + 2)
    cut.rows_at_a_time = SIP
    async with opened(store=cut) as runtime:
        replayed = await runtime.replay(run.id)
    assert replayed.status is Status.RUNNING


async def test_a_fork_is_read_as_it_goes_up_to_where_it_is_one(opened: Opened, store: Sipped) -> None:
    """What it shares with the other run is read from there."""
    forked_from: Workflow[[], list[str]] = work_on
    async with opened() as runtime:
        run = await runtime.run(forked_from)
        forked = await runtime.fork(run.id, f"work#{STEPS - 2}", forked_from)
        assert (await runtime.replay(forked.id)).output == forked.output == run.output
