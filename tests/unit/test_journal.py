"""The writer: one commit at a time, nothing twice, nothing lost, and a cancelled wait changes nothing."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from pytest_reenact.memory import MemoryStore
from reenact import journal
from reenact.errors import LeaseLostError, RunNotFoundError, StoreError
from reenact.journal import Writer
from reenact.ledger import Holding
from reenact.records import Entry, Row, RunRecord, Status, checksum, encode_entry
from reenact.stores import CommitResult, RunWrite


class Scripted(MemoryStore):
    """A store in memory that counts commits, and fails as a script says.

    Attributes:
        sizes: How many writes each commit had.
        script: What to do at each commit: None, or something that raises, before or after writing.
    """

    def __init__(self, *script: Exception | None, after: bool = False) -> None:
        super().__init__()
        self.sizes: list[int] = []
        self.script = list(script)
        self.after = after

    async def commit(self, writes: Sequence[RunWrite]) -> Sequence[CommitResult]:
        self.sizes.append(len(writes))
        error = self.script.pop(0) if self.script else None
        if error is not None and not self.after:
            raise error
        results = await super().commit(writes)
        if error is not None:
            raise error
        return results


def writes_of(run_id: str, count: int) -> list[RunWrite]:
    """Return the writes of a run that puts *count* rows on record, one by one."""
    made, before = [], b""
    for seq in range(count):
        body = encode_entry(Entry(seq=seq, path="a", status=Status.RUNNING, at_ns=seq, kind="step"))
        before = checksum(before, body)
        run = RunRecord(id=run_id, trace_id="t", workflow="w", owner="me", epoch=1) if not seq else None
        made.append(RunWrite(run_id=run_id, epoch=1, create=not seq, rows=[Row(seq, body, before)], run=run))
    return made


async def test_writes_of_a_run_are_made_in_order() -> None:
    """Those that gather during a commit go into the next one together."""
    store = Scripted()

    async with Writer(store) as writer:
        await asyncio.gather(*(writer.write(write) for write in writes_of("a", 20)))

    assert [row.seq for row in store.journals["a"]] == list(range(20))
    assert store.sizes == [20]
    assert writer.commits == 1


async def test_what_is_joined_is_one_commit_however_full_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit that is full takes the write yet that belongs to its last one, and none after that."""
    monkeypatch.setattr(journal, "ROWS_PER_COMMIT", 2)
    store = Scripted()
    made: list[CommitResult] = []

    async with Writer(store) as writer:
        for number, write in enumerate(writes_of("a", 5)):
            writer.submit(write, made.append, joined=number == 1)

    assert store.sizes == [3, 2]
    assert made == [None] * 5


async def test_a_commit_waits_for_who_is_about_to_submit() -> None:
    """What a turn of the loop leads to, and what that leads to, goes into one commit, if it is said."""
    store = Scripted()
    first, second, third = writes_of("a", 3)
    made: list[CommitResult] = []
    loop = asyncio.get_running_loop()

    def go_on(write: RunWrite, then: Callable[[], None]) -> Callable[[], None]:
        def submit() -> None:
            writer.submit(write, made.append)
            then()

        return submit

    def expected(submit: Callable[[], None]) -> Callable[[], None]:
        def announce() -> None:
            writer.expect()
            loop.call_soon(submit)

        return announce

    async with Writer(store) as writer:
        await asyncio.sleep(0)
        go_on(first, expected(go_on(second, expected(go_on(third, lambda: None)))))()
        while len(made) < 3:
            await asyncio.sleep(0)

    assert store.sizes == [3]


async def test_a_commit_does_not_wait_for_ever() -> None:
    """Who says that he is about to submit, and does not, holds nobody up for more than some turns."""
    store = Scripted()
    made: list[CommitResult] = []

    async with Writer(store) as writer:
        await asyncio.sleep(0)
        writer.submit(writes_of("a", 1)[0], made.append)
        turns = 0
        while not made:
            writer.expect()
            turns += 1
            await asyncio.sleep(0)

    assert turns <= journal.GATHER_TURNS_MAX + 4


async def test_a_commit_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """More than that go into several."""
    monkeypatch.setattr(journal, "ROWS_PER_COMMIT", 8)
    store = Scripted()

    async with Writer(store) as writer:
        await asyncio.gather(*(writer.write(write) for write in writes_of("a", 20)))

    assert store.sizes == [8, 8, 4]


async def test_leaving_commits_what_was_submitted() -> None:
    """Nothing that was submitted is left behind."""
    store, results = Scripted(), list[CommitResult]()

    async with Writer(store) as writer:
        for write in writes_of("a", 5):
            writer.submit(write, results.append)

    assert results == [None] * 5
    assert len(store.journals["a"]) == 5


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("times", [1, 2])
async def test_a_commit_with_an_unknown_end_is_made_again(after: bool, times: int) -> None:
    """Whether it was made or not: no row is there twice, none is missing."""
    store = Scripted(*[OSError("network")] * times, after=after)

    async with Writer(store) as writer:
        for write in writes_of("a", 3):
            await writer.write(write)

    assert [row.seq for row in store.journals["a"]] == [0, 1, 2]
    assert len(store.sizes) == 3 + times


async def test_a_commit_that_never_ends_well_is_a_store_error() -> None:
    """After some tries; what comes later is tried again."""
    store = Scripted(*[OSError("network")] * 3)
    first, *_ = writes_of("a", 1)

    async with Writer(store) as writer:
        with pytest.raises(StoreError, match="memory: a write failed: network"):
            await writer.write(first)
        await writer.write(first)

    assert len(store.journals["a"]) == 1


async def test_a_store_that_says_it_wrote_nothing_is_believed() -> None:
    """A `StoreError` goes to all whose writes were in the commit, and is not tried again."""
    store = Scripted(StoreError("memory", "disk full"))

    async with Writer(store) as writer:
        results = await asyncio.gather(
            *(writer.write(write) for write in (*writes_of("a", 1), *writes_of("b", 1))),
            return_exceptions=True,
        )

    assert [str(one) for one in results] == ["memory: disk full"] * 2
    assert store.journals == {}
    assert store.sizes == [2]


async def test_one_refused_write_does_not_keep_the_others() -> None:
    """Each is answered for itself."""
    store = Scripted()
    lost = RunWrite(run_id="b", epoch=7, release=True)
    unknown = RunWrite(run_id="c", epoch=1)

    async with Writer(store) as writer:
        await writer.write(writes_of("b", 1)[0])
        results = await asyncio.gather(
            writer.write(lost),
            writer.write(unknown),
            writer.write(writes_of("a", 1)[0]),
            return_exceptions=True,
        )

    assert isinstance(results[0], LeaseLostError)
    assert isinstance(results[1], RunNotFoundError)
    assert results[2] is None
    assert len(store.journals["a"]) == 1


async def test_a_full_account_is_an_error_of_the_write() -> None:
    """For who does not ask for it."""
    store = Scripted()
    holding = Holding(account="rate:x", id="1", amount=2, limit=1)

    async with Writer(store) as writer:
        await writer.write(writes_of("a", 1)[0])
        with pytest.raises(StoreError, match="account rate:x is full"):
            await writer.write(RunWrite(run_id="a", epoch=1, ledger=[holding]))


async def test_a_cancelled_wait_does_not_reach_the_writer() -> None:
    """What was submitted is written; the next write works."""
    store = Scripted()
    first, second = writes_of("a", 2)

    async with Writer(store) as writer:
        waiting = asyncio.create_task(writer.write(first))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await writer.write(second)

    assert waiting.cancelled()
    assert [row.seq for row in store.journals["a"]] == [0, 1]


async def test_a_run_that_cannot_take_its_answer_does_not_stop_the_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Its error is logged."""
    store = Scripted()

    def broken(result: Any) -> None:
        raise RuntimeError("no")

    async with Writer(store) as writer:
        writer.submit(writes_of("a", 1)[0], broken)
        await writer.write(writes_of("b", 1)[0])

    assert "could not go on after its commit" in caplog.text
    assert set(store.journals) == {"a", "b"}


async def test_a_writer_that_was_never_begun_can_be_left() -> None:
    """There is nothing to wait for."""
    writer = Writer(Scripted())
    leave: Callable[..., Any] = writer.__aexit__

    await leave(None, None, None)

    assert writer.commits == 0


async def test_a_writer_whose_task_is_cancelled_writes_on() -> None:
    """A loop that ends cancels every task; what is submitted after that is written all the same."""
    store = MemoryStore()
    results: list[object] = []
    async with Writer(store) as writer:
        await asyncio.sleep(0)
        assert writer._task is not None
        writer._task.cancel()
        await asyncio.wait({writer._task})

        writer.submit(RunWrite(run_id="none", epoch=1), results.append)

    assert [type(result).__name__ for result in results] == ["RunNotFoundError"]


async def test_a_commit_that_is_cancelled_is_made_again() -> None:
    """A writer that is cancelled in a commit makes it again; the store does not double it."""

    class Slow(MemoryStore):
        tries = 0

        async def commit(self, writes: Sequence[RunWrite]) -> Sequence[CommitResult]:
            self.tries += 1
            await asyncio.sleep(0)
            return await super().commit(writes)

    store, results = Slow(), list[object]()
    async with Writer(store) as writer:
        writer.submit(RunWrite(run_id="none", epoch=1), results.append)
        while not store.tries:
            await asyncio.sleep(0)
        assert writer._task is not None
        writer._task.cancel()

    assert store.tries == 2
    assert len(results) == 1
