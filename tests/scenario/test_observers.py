"""Observers and exporters: told of what is durable, in order; and no run notices what they do."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import attrs
import pytest
from noting import noting
from reenact import (
    Config,
    Offer,
    Plugins,
    hookimpl,
)
from reenact.records import Entry, RunRecord
from reenact.retrieval import read_history

from conftest import Opened


async def _entries(store: Any, run_id: str) -> Sequence[Entry]:
    return (await read_history(store, run_id, keep_entries=True)).entries


async def test_an_observer_that_raises_is_told_nothing_more(
    opened: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    """The run does not notice, others are told, and calling it off twice is no error."""
    seen: list[int] = []

    def broken(run: RunRecord, entries: Sequence[Entry]) -> None:
        seen.append(-1)
        raise RuntimeError("no")

    async with opened() as runtime:
        stop_broken = runtime.observe(broken)
        stop = runtime.observe(lambda run, entries: seen.extend(e.seq for e in entries))
        run = await runtime.run(noting)
        stop_broken()
        stop()
        told = list(seen)
        await runtime.run(noting)

    assert run.output == ["a", "b", "c", "d"]
    assert told.count(-1) == 1
    assert [seq for seq in told if seq >= 0] == list(range(max(told) + 1))
    assert seen == told
    assert "an observer failed" in caplog.text


@attrs.define
class Exporting:
    """A plugin whose exporters do what their name says."""

    took: list[int] = attrs.field(factory=list)
    mood: str = ""

    async def export(self, run: RunRecord, entries: Sequence[Entry]) -> None:
        if self.mood == "raises":
            raise RuntimeError("disk")
        if self.mood == "slow":
            await asyncio.sleep(0.001)
        self.took.extend(entry.seq for entry in entries)

    @asynccontextmanager
    async def open(self, options: Any) -> AsyncIterator[Any]:
        yield self

    @hookimpl
    def reenact_exporters(self) -> Iterable[Offer[Any]]:
        yield Offer("sink", self.open, NoOptions)


@attrs.frozen
class NoOptions:
    pass


@pytest.mark.parametrize("mood", ["good", "slow", "raises"])
async def test_an_exporter_changes_no_run(
    opened: Opened, mood: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Quick, slow or broken; what it is told is all of it, in order."""
    caplog.set_level(logging.CRITICAL, "reenact.journal")
    sink = Exporting(mood=mood)
    plugins = Plugins(installed=False, extra=[sink])

    async with opened(Config(exporters={"sink": {}}), plugins=plugins) as runtime:
        run = await runtime.run(noting)
        rows = len(await _entries(runtime.store, run.id))

    assert run.output == ["a", "b", "c", "d"]
    assert sink.took == ([] if mood == "raises" else list(range(rows)))
