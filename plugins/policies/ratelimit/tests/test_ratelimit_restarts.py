"""Another process, another clock and another day count on from what was counted."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import reenact_ratelimit
from reenact import Plugins, Runtime
from reenact.llm import LlmRequest
from reenact_sqlite import SqliteOptions, open_sqlite

from conftest import Fake

from .conftest import S, World, config, many


@asynccontextmanager
async def on_disk(path: Path) -> AsyncIterator[World]:
    async with open_sqlite(SqliteOptions(path=path)) as store:
        world = World(store)
        commit = store.commit

        async def commit_in_no_time(writes: Any) -> Any:
            with world.clock.busy():
                return await commit(writes)

        store.commit = commit_in_no_time  # type: ignore[method-assign]
        yield world


async def test_a_restart_forgets_nothing(tmp_path: Path) -> None:
    """The next process counts what the one before has let through."""
    limits = config({"requests": 2, "window_s": 10})
    async with on_disk(tmp_path / "j.db") as first, first.opened(limits) as runtime:
        await runtime.run(many, 2)
        clock = first.clock

    async with on_disk(tmp_path / "j.db") as second:
        second.clock = clock
        async with second.opened(limits) as runtime:
            await runtime.run(many, 1)

    assert second.began[0][0] - first.began[0][0] >= 10 * S


@pytest.mark.parametrize("step_s", [3600, -3600])
async def test_setting_the_clock_changes_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, step_s: int
) -> None:
    """An hour forward lets nobody through, an hour back keeps nobody waiting."""
    real_ns, at = time.time_ns, list[int]()
    steps = [0]
    monkeypatch.setattr(time, "time_ns", lambda: real_ns() + steps[0])

    def answer(request: LlmRequest) -> str:
        at.append(time.monotonic_ns())
        steps[0] += step_s * S
        return "yes"

    async with Runtime.open(
        config({"requests": 2, "window_s": 0.4}),
        store=world.store,
        providers={"fake": Fake(answer)},
        plugins=Plugins(installed=False, extra=[reenact_ratelimit]),
    ) as runtime:
        run = await runtime.run(many, 6)

    assert run.output == ["yes"] * 6
    assert all(later - earlier > 0.4 * S for earlier, later in zip(at, at[2:], strict=False))
    assert at[-1] - at[0] < 20 * S


async def test_the_ledger_does_not_grow_without_end(tmp_path: Path) -> None:
    """What has ended is removed."""
    limits = config({"requests": 5, "window_s": 20})

    async with on_disk(tmp_path / "j.db") as world, world.opened(limits) as runtime:
        for _ in range(15):
            await runtime.run(many, 10)
        rows = await world.store._reader.execute_fetchall("SELECT count(*) FROM ledger")

    assert len(world.began) == 150
    assert world.most_in(20) <= 5
    assert next(iter(rows))[0] < 150
