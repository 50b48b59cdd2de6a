"""A store that fails, at any commit and in any way: no row twice, no step lost; and one id is one run."""

import asyncio
from collections.abc import Sequence
from typing import Any

import attrs
import pytest
from noting import done, noting
from pytest_reenact.memory import MemoryStore
from reenact import (
    Status,
)
from reenact.errors import StoreError, UsageError
from reenact.records import RunRecord
from reenact.stores import CommitResult, RunWrite

from conftest import Opened


@pytest.fixture(autouse=True)
def forget() -> None:
    done.clear()


class Failing(MemoryStore):
    """Fails one commit, in one way.

    Attributes:
        at: Which commit, from 0.
        how: ``before`` writing or ``after`` it, or in ``words`` of its own.
    """

    def __init__(self, at: int, how: str) -> None:
        super().__init__()
        self.at, self.how, self.commits = at, how, 0

    async def commit(self, writes: Sequence[RunWrite]) -> Sequence[CommitResult]:
        number, self.commits = self.commits, self.commits + 1
        if number != self.at:
            return await super().commit(writes)
        if self.how == "words":
            raise StoreError("memory", "disk full")
        if self.how == "after":
            await super().commit(writes)
        raise OSError("connection lost")


@pytest.mark.parametrize("how", ["before", "after"])
async def test_a_commit_whose_end_is_unknown_is_read_back(opened: Opened, how: str) -> None:
    """At each commit in turn: no row is there twice, no step is lost, none is repeated."""
    commits = 1
    at = 0
    while at < commits:
        done.clear()
        store = Failing(at, how)
        async with opened(store=store) as runtime:
            run = await runtime.run(noting)
            await runtime.verify(run.id)
            assert run.output == ["a", "b", "c", "d"]
        assert sorted(done) == ["a", "b", "c", "d"]
        at, commits = at + 1, store.commits - 1
    assert at >= 5


async def test_a_store_that_fails_stops_the_run_and_it_can_go_on(opened: Opened) -> None:
    """At each commit in turn: nothing is acknowledged that is not on record, and a resumed run ends."""
    for at in range(1, 5):
        done.clear()
        store = Failing(at, "words")
        async with opened(store=store) as runtime:
            handle = await runtime.start(noting)
            with pytest.raises(StoreError, match="disk full"):
                await handle.wait()
            resumed = await runtime.resume(handle.id)
            await runtime.verify(handle.id)
        assert resumed.output == ["a", "b", "c", "d"]
        assert max(done.count(text) for text in "abcd") <= 2
        assert sum(done.count(text) for text in "abcd") <= 6


async def test_a_runtime_that_was_left_starts_nothing(opened: Opened, store: MemoryStore) -> None:
    """Neither a new run nor an old one: it says so, and does not hang."""
    async with opened() as runtime:
        run = await runtime.run(noting)
    store.journals[run.id] = store.crashed(run.id, 3).journals[run.id]
    store.reopen(run.id)

    with pytest.raises(UsageError, match="closed"):
        await asyncio.wait_for(runtime.run(noting), 5)
    with pytest.raises(UsageError, match="closed"):
        await asyncio.wait_for(runtime.resume(run.id), 5)


async def test_one_id_started_many_times_at_once_is_one_run(opened: Opened, store: MemoryStore) -> None:
    """Everybody gets it, and each step is performed once."""
    async with opened() as runtime:
        handles = await asyncio.gather(*(runtime.start(noting, run_id="the-one") for _ in range(200)))
        runs = await asyncio.gather(*(handle.wait() for handle in handles))

    assert {run.id for run in runs} == {"the-one"} == set(store.runs)
    assert all(run.output == ["a", "b", "c", "d"] for run in runs)
    assert sorted(done) == ["a", "b", "c", "d"]


class Late(MemoryStore):
    """Lists runs as they were some time ago."""

    remembered: Sequence[RunRecord] = ()

    async def list(self, which: Any) -> Sequence[RunRecord]:
        await asyncio.sleep(0)
        return self.remembered


async def test_recovery_leaves_alone_what_has_ended_in_the_meantime(opened: Opened) -> None:
    """Somebody else was faster: the run is returned as it ended, and is nobody's again."""
    store = Late()
    async with opened(store=store) as runtime:
        run = await runtime.run(noting)
        store.remembered = [attrs.evolve(store.runs[run.id], status=Status.RUNNING)]
        (found,) = await runtime.recover()

    assert not isinstance(found, BaseException)
    assert found.output == run.output
    assert store.runs[run.id].owner == ""
