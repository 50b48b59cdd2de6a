"""Exporters: told in order from a task of their own, and no run notices what they do."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

import attrs
import pytest
from reenact import journal
from reenact.journal import Outlet
from reenact.records import Entry, RunRecord, Status

RUN = RunRecord(id="r", trace_id="t", workflow="w")


def entry(seq: int) -> Entry:
    return Entry(seq=seq, path="a#0", status=Status.RUNNING, at_ns=seq)


@attrs.define
class Sink:
    """An exporter that does what a function says before it takes entries."""

    first: Callable[[], Awaitable[object]] = lambda: asyncio.sleep(0)
    took: list[int] = attrs.field(factory=list)

    async def export(self, run: RunRecord, entries: Sequence[Entry]) -> None:
        await self.first()
        self.took.extend(one.seq for one in entries)


async def test_an_exporter_is_told_in_order_and_to_the_end() -> None:
    """Leaving tells it what still waits."""
    sink = Sink()

    async with Outlet("sink", sink) as outlet:
        for seq in range(0, 20, 2):
            outlet(RUN, [entry(seq), entry(seq + 1)])

    assert sink.took == list(range(20))
    assert outlet.dropped == 0


async def test_one_that_raises_is_told_the_rest(caplog: pytest.LogCaptureFixture) -> None:
    """What it raised on is counted as missed."""
    tries = iter([True, False, True, False])

    async def sometimes() -> None:
        if next(tries):
            raise ValueError("disk")

    sink = Sink(sometimes)

    async with Outlet("sink", sink) as outlet:
        for seq in range(4):
            outlet(RUN, [entry(seq)])

    assert sink.took == [1, 3]
    assert outlet.dropped == 2
    assert "exporter sink missed 2 entries" in caplog.text


async def test_what_does_not_fit_is_dropped_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The queue is bounded, and the caller never waits."""
    monkeypatch.setattr(journal, "EXPORT_QUEUE_MAX", 3)
    gate = asyncio.Event()
    sink = Sink(gate.wait)

    async with Outlet("sink", sink) as outlet:
        await asyncio.sleep(0)
        for seq in range(10):
            outlet(RUN, [entry(seq)])
        dropped = outlet.dropped
        gate.set()
        await asyncio.sleep(0)

    assert dropped == 7
    assert sink.took == [0, 1, 2]
    assert outlet.dropped == 7


@pytest.mark.parametrize("queued", [1, 3])
async def test_one_that_never_ends_is_left_behind(
    queued: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """After a grace time; what it did not take counts as missed."""
    monkeypatch.setattr(journal, "EXPORT_QUEUE_MAX", 3)
    monkeypatch.setattr(journal, "EXPORT_GRACE_S", 0.02)
    caplog.set_level(logging.WARNING)

    async with Outlet("stuck", Sink(asyncio.Event().wait)) as outlet:
        for seq in range(queued):
            outlet(RUN, [entry(seq)])

    assert outlet.dropped == queued
    assert f"exporter stuck missed {queued} entries" in caplog.text


async def test_one_that_cancels_itself_is_told_the_rest() -> None:
    """A cancellation that nobody asked for is a failure like any other."""
    first = iter([True])

    async def once() -> None:
        if next(first, False):
            raise asyncio.CancelledError

    sink = Sink(once)

    async with Outlet("sink", sink) as outlet:
        outlet(RUN, [entry(0)])
        outlet(RUN, [entry(1)])

    assert sink.took == [1]
    assert outlet.dropped == 1
