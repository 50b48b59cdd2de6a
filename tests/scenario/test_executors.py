"""Executors: named in the configuration, asked for runs and not for their children, and never in the way."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

import attrs
import pytest
from pytest_reenact.memory import MemoryStore
from reenact import Plugins, Status, continue_as_new, hookimpl, step, wait_signal, workflow
from reenact.config import Config, RuntimeOptions
from reenact.errors import NotInstalledError, RunOwnedError
from reenact.records import RunRecord
from reenact.seams import Offer
from reenact.stores import RunWrite

from conftest import Opened

Start = Callable[[], Awaitable[None]]


@step
async def double(number: int) -> int:
    return 2 * number


@workflow(name="submitted")
async def submitted(number: int) -> int:
    return await double(number)


@workflow(name="submitted-parent")
async def parent(number: int) -> int:
    return await submitted(number) + await submitted(number + 1)


@attrs.frozen
class Options:
    word: str = "now"


@attrs.define
class Noting:
    """Runs runs at once, and notes them; or keeps them until it is told."""

    options: Options = attrs.field(factory=Options)
    asked: list[str] = attrs.field(factory=list)
    kept: list[Start] = attrs.field(factory=list)
    tasks: list[asyncio.Task[None]] = attrs.field(factory=list)

    async def submit(self, run_id: str, start: Start) -> None:
        self.asked.append(run_id)
        if self.options.word == "refuse":
            raise OSError("no room")
        if self.options.word == "keep":
            self.kept.append(start)
        else:
            self.tasks.append(asyncio.ensure_future(start()))


@attrs.define
class Shop:
    """A plugin that offers it."""

    opened: list[Noting] = attrs.field(factory=list)

    @asynccontextmanager
    async def open(self, options: Options) -> AsyncIterator[Any]:
        self.opened.append(Noting(options))
        yield self.opened[-1]
        await asyncio.gather(*self.opened[-1].tasks)

    @hookimpl
    def reenact_executors(self) -> Iterable[Offer[Any]]:
        yield Offer("noting", self.open, Options)


def config(**table: Any) -> Config:
    options = RuntimeOptions(executor="noting", poll_s=0.01)
    return Config(runtime=options, executors={"noting": table})


async def test_the_configured_executor_is_asked_for_runs_and_not_for_their_children(opened: Opened) -> None:
    """Each run that somebody starts is submitted once; children run where their parents do."""
    shop = Shop()

    async with opened(config(word="now"), plugins=Plugins(extra=[shop], installed=False)) as runtime:
        run = await runtime.run(parent, 3)
        again = await (await runtime.start(parent, [3], run_id=run.id)).wait()

    assert (run.output, again.output) == (14, 14)
    assert shop.opened[0].asked == [run.id]
    assert shop.opened[0].options == Options("now")


async def test_an_executor_that_nobody_offers_is_told(opened: Opened) -> None:
    """Before anything runs."""
    with pytest.raises(NotInstalledError, match="executor named 'noting'"):
        async with opened(config(), plugins=Plugins(installed=False)):
            pass


async def test_a_run_is_on_record_before_it_is_submitted(opened: Opened, store: MemoryStore) -> None:
    """One that its executor refuses, or never starts, belongs to nobody and can be resumed."""
    for executor in (Noting(Options("refuse")), Noting(Options("keep"))):
        async with opened(config(), executor=executor) as runtime:
            if executor.options.word == "refuse":
                with pytest.raises(OSError, match="no room"):
                    await runtime.start(submitted, [1])
            else:
                await runtime.start(submitted, [1])
        (run_id,) = executor.asked
        assert (store.runs[run_id].owner, store.runs[run_id].status) == ("", Status.RUNNING)

        async with opened() as runtime:
            assert (await runtime.resume(run_id)).output == 2


async def test_a_runtime_that_closes_tells_who_waits_for_a_queued_run(opened: Opened) -> None:
    """The run is given back as it is: running, and nobody's."""
    executor = Noting(Options("keep"))
    async with opened(config(), executor=executor) as runtime:
        handle = await runtime.start(submitted, [1])
        waiting = asyncio.ensure_future(handle.wait())
        await asyncio.sleep(0)

    run = await waiting

    assert (run.id, run.status) == (handle.id, Status.RUNNING)
    await executor.kept[0]()  # too late: it stays on record
    assert run.record.owner == ""


async def _taken(store: MemoryStore, run_id: str) -> RunRecord:
    return await store.acquire(run_id, "pid 9 elsewhere (ffff)", 60)


async def test_a_new_run_that_another_process_takes_first_is_followed(
    opened: Opened, store: MemoryStore
) -> None:
    """Who started it hears of its end in the other process."""
    executor = Noting(Options("keep"))
    async with opened(config(), executor=executor) as runtime:
        handle = await runtime.start(submitted, [1])
        waiting = asyncio.ensure_future(handle.wait())
        taken = await _taken(store, handle.id)
        await executor.kept[0]()
        assert not waiting.done()
        await store.commit([RunWrite(run_id=handle.id, epoch=taken.epoch, release=True)])
        async with opened() as other:
            await other.resume(handle.id)
        run = await waiting

    assert run.output == 2


async def test_a_run_that_is_resumed_and_owned_is_refused(opened: Opened, store: MemoryStore) -> None:
    """As it is without an executor."""
    async with opened(config(), executor=Noting(Options("refuse"))) as runtime:
        with pytest.raises(OSError, match="no room"):
            await runtime.start(submitted, [1], run_id="owned")
    await _taken(store, "owned")

    async with opened(config(), executor=Noting()) as runtime:
        with pytest.raises(RunOwnedError, match="pid 9 elsewhere"):
            await runtime.resume("owned")


@workflow(name="submitted-watch")
async def watch(seen: list[str] | None = None) -> list[str]:
    said = await wait_signal("say", str)
    if said == "enough":
        return seen or []
    return continue_as_new([*(seen or []), said])


async def test_a_run_that_goes_on_is_submitted_and_finds_what_was_sent(
    opened: Opened, store: MemoryStore
) -> None:
    """Each run of the row is submitted when the one before has ended, and hands over what it did not take."""
    executor = Noting()
    async with opened(config(), executor=executor) as runtime:
        handle = await runtime.start(watch, run_id="first")
        for said in ("one", "two", "enough"):
            await runtime.signal("first", "say", said)
        run = await handle.wait()
        await asyncio.gather(*executor.tasks)

    assert run.output == ["one", "two"]
    assert executor.asked == list(store.runs)
    assert len(executor.asked) == 3
    assert store.inbox == []
