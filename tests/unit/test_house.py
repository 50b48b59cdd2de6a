"""Keeping house: leases are renewed in time, or what they protect is let go in time."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import attrs
import pytest
from pytest_reenact.memory import MemoryStore
from reenact import house
from reenact.config import RuntimeOptions
from reenact.errors import LeaseLostError, StoreError
from reenact.house import House
from reenact.records import Message, RunRecord

OPTIONS = RuntimeOptions(lease_s=30, poll_s=0.001)


@attrs.define
class Runner:
    """Stands for a run of this process."""

    run: RunRecord
    told: list[Message] = attrs.field(factory=list)
    aborted: list[BaseException] = attrs.field(factory=list)

    def tell(self, message: Message) -> None:
        self.told.append(message)

    def abort(self, error: BaseException) -> None:
        self.aborted.append(error)


class Store(MemoryStore):
    """A store that counts renewals, and is away when told to be."""

    def __init__(self) -> None:
        super().__init__()
        self.renewals = 0
        self.looks = 0
        self.away = False

    async def renew(self, owner: str, ttl_s: float) -> None:
        if self.away:
            raise StoreError("memory", "away")
        self.renewals += 1
        await super().renew(owner, ttl_s)

    async def messages(self, owner: str) -> Any:
        self.looks += 1
        if self.away:
            raise StoreError("memory", "away")
        return await super().messages(owner)


@attrs.define
class Scene:
    """A house over a store, with a clock in hand."""

    store: Store
    clock: SimpleNamespace
    active: dict[str, Any]
    house: House

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not true():
                await asyncio.sleep(0)

    async def rounds(self, count: int = 3) -> None:
        looks = self.store.looks
        await self.until(lambda: self.store.looks >= looks + count)


@asynccontextmanager
async def keeping(monkeypatch: pytest.MonkeyPatch, options: RuntimeOptions = OPTIONS) -> AsyncIterator[Scene]:
    clock = SimpleNamespace(now_s=0.0)
    monkeypatch.setattr(house, "time", SimpleNamespace(monotonic=lambda: clock.now_s))
    store, record = Store(), RunRecord(id="r", trace_id="t", workflow="w", owner="me", epoch=1)
    store.runs["r"] = record
    active: dict[str, Any] = {"r": Runner(record)}
    scene = Scene(store, clock, active, House(store, "me", options, active))
    task = asyncio.create_task(scene.house.keep())
    await asyncio.sleep(0)  # it looks at the clock
    yield scene
    task.cancel()
    await asyncio.wait([task])


async def test_a_lease_is_renewed_well_before_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three times in its length, and not more often than that."""
    async with keeping(monkeypatch) as scene:
        await scene.rounds()
        assert scene.store.renewals == 0

        for turn in range(1, 5):
            scene.clock.now_s = turn * 10.0
            await scene.until(lambda turn=turn: scene.store.renewals == turn)  # type: ignore[misc]  # bound now
            await scene.rounds()

        assert scene.store.renewals == 4
        assert scene.active["r"].aborted == []


async def test_a_store_that_is_away_for_a_moment_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs go on meanwhile."""
    async with keeping(monkeypatch) as scene:
        scene.store.away = True
        scene.clock.now_s = 20.0
        await asyncio.sleep(0.01)
        scene.store.away = False
        await scene.until(lambda: scene.store.renewals == 1)

        assert scene.active["r"].aborted == []


async def test_runs_are_let_go_before_their_lease_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that cannot renew it stops by itself, before anybody may take over."""
    async with keeping(monkeypatch) as scene:
        scene.store.away = True
        scene.clock.now_s = 27.5
        await scene.until(lambda: bool(scene.active["r"].aborted))

    error = scene.active["r"].aborted[0]
    assert isinstance(error, LeaseLostError)
    assert "its lease could not be renewed" in str(error)


@pytest.mark.parametrize("gone", [True, False])
async def test_after_a_long_sleep_runs_that_were_taken_are_let_go(
    monkeypatch: pytest.MonkeyPatch, gone: bool
) -> None:
    """Those that nobody has taken go on."""
    async with keeping(monkeypatch) as scene:
        taken = Runner(attrs.evolve(scene.active["r"].run, id="taken"))
        scene.active["taken"] = taken
        if not gone:
            scene.store.runs["taken"] = attrs.evolve(taken.run, epoch=2, owner="other")
        scene.clock.now_s = 1000.0
        await scene.until(lambda: scene.store.renewals == 1)

        assert isinstance(taken.aborted[0], LeaseLostError)
        assert scene.active["r"].aborted == []


async def test_messages_are_handed_to_the_run_they_are_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """At once when poked, else with the next look; those for runs that are not here are left alone."""
    async with keeping(monkeypatch, attrs.evolve(OPTIONS, poll_s=3600)) as scene:
        scene.store.runs["elsewhere"] = attrs.evolve(scene.active["r"].run, id="elsewhere")
        await scene.store.post(Message(run_id="elsewhere", kind="signal", name="a"))
        await scene.store.post(Message(run_id="r", kind="signal", name="b"))

        scene.house.poke()
        await scene.until(lambda: bool(scene.active["r"].told))

    assert [message.name for message in scene.active["r"].told] == ["b"]
    assert len(scene.store.inbox) == 2


async def test_a_process_without_runs_asks_for_no_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    """It only keeps its lease."""
    async with keeping(monkeypatch) as scene:
        scene.active.clear()
        looks = scene.store.looks
        scene.clock.now_s = 15.0
        await scene.until(lambda: scene.store.renewals == 1)

        assert scene.store.looks - looks <= 1
