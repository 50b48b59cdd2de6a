"""Performing steps: attempts, time limits, threads, doubt, places, and who may look on."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import attrs
import pytest
from pytest_reenact.memory import MemoryStore
from reenact import (
    Config,
    NotDone,
    Offer,
    Plugins,
    Retry,
    Status,
    current,
    hookimpl,
    parallel,
    step,
    workflow,
)
from reenact.config import RuntimeOptions
from reenact.errors import LeaseLostError, StepError, StoreError, UsageError
from reenact.history import read_history
from reenact.records import Entry, RunRecord
from reenact.seams import CommitResult, RunWrite

from conftest import Opened

done: list[str] = []


@pytest.fixture(autouse=True)
def forget() -> None:
    done.clear()


class Flaky(Exception):
    """What a step raises that may do better later."""


@step(retry=Retry(attempts=3, delay_s=30, on=(Flaky,)))
async def third_time(kind: str) -> str:
    here = current()
    done.append(f"{here.attempt} {here.idempotency_key}")
    if kind == "other":
        raise ValueError("never mind")
    if here.attempt < 3 or kind == "never":
        raise Flaky(kind)
    return kind


@workflow(name="effects-retrying")
async def retrying(kind: str) -> str:
    try:
        return await third_time(kind)
    except (Flaky, ValueError) as error:
        return f"{type(error).__name__}: {error}"


@pytest.mark.parametrize(
    ("kind", "attempts", "expected"),
    [("good", 3, "good"), ("never", 3, "Flaky: never"), ("other", 1, "ValueError: never mind")],
)
async def test_a_step_is_tried_as_often_as_it_says(
    opened: Opened, kind: str, attempts: int, expected: str
) -> None:
    """Under one idempotency key, with failures and pauses on record; and not for other exceptions."""
    async with opened() as runtime:
        run = await runtime.run(retrying, kind)
        (view,) = (await runtime.show(run.id)).steps
        replayed = await runtime.replay(run.id)

    assert run.output == expected == replayed.output
    assert len(done) == attempts == view.attempts
    assert len({one.split()[1] for one in done}) == 1
    entries = [e.status for e in (await _entries(runtime.store, run.id)) if e.path == "third_time#0"]
    assert entries.count(Status.WAITING) == attempts - 1


async def _entries(store: Any, run_id: str) -> Sequence[Entry]:
    return (await read_history(store, run_id, keep_entries=True)).entries


@step(timeout_s=0.02)
async def slow() -> None:
    try:
        await asyncio.Event().wait()
    finally:
        done.append("closed")


@step
async def own_timeout() -> None:
    raise TimeoutError("mine")


@workflow(name="effects-slow")
async def slowly(which: str) -> str:
    try:
        await (slow() if which == "slow" else own_timeout())
    except TimeoutError as error:
        return str(error)
    return "?"


async def test_an_attempt_has_a_time_limit(opened: Opened) -> None:
    """What exceeds it is cancelled; a timeout of the step's own is its own."""
    async with opened() as runtime:
        run = await runtime.run(slowly, "slow")
        other = await runtime.run(slowly, "own")

    assert run.output == "step 'slow#0' took longer than 0.02 s"
    assert done == ["closed"]
    assert other.output == "mine"


@step
def in_thread(value: int) -> int:
    done.append(threading.current_thread().name)
    return value + current().attempt


@step
def stops() -> int:
    return next(iter(()))  # raises StopIteration


@step
async def cancels_itself() -> None:
    raise asyncio.CancelledError


@workflow(name="effects-threads")
async def threaded() -> list[int]:
    return await parallel(in_thread, [1, 2, 3])


@workflow(name="effects-odd")
async def odd_ends(which: str) -> str:
    try:
        await (stops() if which == "stops" else cancels_itself())
    except (RuntimeError, StepError) as error:
        return f"{type(error).__name__}: {error}"
    return "?"


async def test_a_step_that_is_not_async_runs_in_a_thread(opened: Opened) -> None:
    """It knows where it is all the same."""
    async with opened() as runtime:
        run = await runtime.run(threaded)

    assert run.output == [2, 3, 4]
    assert threading.main_thread().name not in done


@pytest.mark.parametrize("which", ["stops", "cancels"])
async def test_an_exception_that_asyncio_cannot_carry_is_a_failure(opened: Opened, which: str) -> None:
    """``StopIteration`` out of a thread, a cancellation that nobody asked for: the run never hangs."""
    async with opened() as runtime:
        run = await asyncio.wait_for(runtime.run(odd_ends, which), 10)
        replayed = await runtime.replay(run.id)

    assert run.output == replayed.output
    assert ("StopIteration" in run.output) if which == "stops" else ("cancelled itself" in run.output)


# --- in doubt


async def _reconcile(how: str) -> str:
    if how == "raises":
        raise OSError("no network")
    if how == "cancels":
        raise asyncio.CancelledError
    if how == "unfit":
        return object()  # type: ignore[return-value]  # that is the point
    if how == "not done":
        raise NotDone
    return "found"


@step(effect="once", reconcile=_reconcile)
async def pay(how: str) -> str:
    done.append("paid")
    return "paid"


@workflow(name="effects-paying")
async def paying(how: str) -> str:
    return await pay(how)


@pytest.mark.parametrize(
    ("how", "status", "output"),
    [
        ("finds", Status.SUCCEEDED, "found"),
        ("not done", Status.SUCCEEDED, "paid"),
        ("raises", Status.IN_DOUBT, "finding out failed: no network"),
        ("unfit", Status.IN_DOUBT, "finding out failed"),
        ("cancels", Status.IN_DOUBT, "finding out failed"),
    ],
)
async def test_if_nobody_can_find_out_a_person_must(
    opened: Opened, store: MemoryStore, how: str, status: Status, output: str
) -> None:
    """A ``once`` step is never repeated on a guess; the reason is on record."""
    async with opened() as runtime:
        run = await runtime.run(paying, how)
    cut = _crashed(store, run.id, 2)
    done.clear()

    async with opened(store=cut) as runtime:
        resumed = await asyncio.wait_for(runtime.resume(run.id), 10)
        again = await asyncio.wait_for(runtime.resume(run.id), 10)

    assert resumed.status is again.status is status
    assert done == (["paid"] if how == "not done" else [])
    assert output in (resumed.output if status is Status.SUCCEEDED else resumed.record.waits_for)


def _crashed(store: MemoryStore, run_id: str, rows: int) -> MemoryStore:
    """Return the store as a crash would leave it after *rows* rows of the run."""
    cut = store.cut(run_id, rows)
    cut.runs[run_id] = attrs.evolve(cut.runs[run_id], status=Status.RUNNING, owner="")
    return cut


async def test_a_crash_between_two_attempts_keeps_the_pause_and_the_key(
    opened: Opened, store: MemoryStore
) -> None:
    """Whoever goes on waits until the attempt was due, and tries under the same key."""
    async with opened() as runtime:
        run = await runtime.run(retrying, "good")
    keys = {one.split()[1] for one in done}
    rows = store.journals[run.id]
    waiting = next(n for n, row in enumerate(rows) if b'"waiting"' in row.body)
    cut = _crashed(store, run.id, waiting + 1)
    done.clear()

    async with opened(store=cut) as runtime:
        resumed = await runtime.resume(run.id)

    assert resumed.output == "good"
    assert [one.split()[0] for one in done] == ["2", "3"]
    assert {one.split()[1] for one in done} == keys


# --- places


@step(pool="desk")
async def at_desk(name: str) -> str:
    done.append(name)
    if name == "stuck":
        await asyncio.Event().wait()
    return name


@workflow(name="effects-queue")
async def queueing() -> list[str]:
    stuck = asyncio.create_task(at_desk("stuck"))
    await asyncio.sleep(0)
    try:
        async with asyncio.timeout(5):
            await at_desk("impatient")
    except TimeoutError:
        stuck.cancel()
    await asyncio.wait([stuck])
    return [await at_desk("next")]


async def test_a_step_that_is_called_off_in_the_queue_was_never_there(opened: Opened) -> None:
    """It has no intent on record, so it has no end; the next one gets the place."""
    async with opened(Config(runtime=RuntimeOptions(pools={"desk": 1}))) as runtime:
        run = await asyncio.wait_for(runtime.run(queueing), 20)
        await runtime.verify(run.id)
        replayed = await runtime.replay(run.id)

    assert run.output == ["next"] == replayed.output
    assert done == ["stuck", "next"]


@workflow(name="effects-many-queued")
async def many_queued() -> list[str]:
    return await parallel(at_desk, ["stuck", "b", "c"])


async def test_stopping_with_a_queue_leaves_a_record_that_goes_on(opened: Opened, store: MemoryStore) -> None:
    """What waits for a place when the process stops is not on record; a resumed run asks for it again."""
    config = Config(runtime=RuntimeOptions(pools={"desk": 1}, grace_s=0.05))
    async with opened(config) as runtime:
        handle = await runtime.start(many_queued)
        await _until(lambda: "stuck" in done)
    done.clear()

    async with opened(config) as runtime:
        await runtime.verify(handle.id)
        again = await runtime.start(many_queued, run_id=handle.id)
        await _until(lambda: "stuck" in done)
        await runtime.cancel(handle.id)
        run = await again.wait()
        await runtime.verify(handle.id)

    assert run.status is Status.CANCELLED


async def _until(true: Any) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.001)


class Refusing(MemoryStore):
    """Refuses writes of rows of one run from some commit on, as if another process had taken it."""

    def __init__(self) -> None:
        super().__init__()
        self.refused = ""

    async def commit(self, writes: Sequence[RunWrite]) -> Sequence[CommitResult]:
        lost = LeaseLostError("memory", "taken over")
        results = await super().commit([w for w in writes if w.run_id != self.refused])
        kept = iter(results)
        return [lost if w.run_id == self.refused else next(kept) for w in writes]


@workflow(name="effects-desk")
async def one_desk(name: str) -> str:
    await asyncio.sleep(1)
    return await at_desk(name)


async def test_a_run_that_loses_its_lease_keeps_no_place(opened: Opened) -> None:
    """The steps it was about to start do not start, and other runs are not held up."""
    store = Refusing()
    async with opened(Config(runtime=RuntimeOptions(pools={"desk": 1})), store=store) as runtime:
        handle = await runtime.start(one_desk, ["lost"])
        store.refused = handle.id
        with pytest.raises(LeaseLostError):
            await handle.wait()
        run = await asyncio.wait_for(runtime.run(one_desk, "other"), 10)

    assert run.output == "other"
    assert done == ["other"]


# --- who looks on


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
        run = await runtime.run(retrying, "good")
        stop_broken()
        stop()
        told = list(seen)
        await runtime.run(retrying, "good")

    assert run.output == "good"
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
        run = await runtime.run(retrying, "good")
        rows = len(await _entries(runtime.store, run.id))

    assert run.output == "good"
    assert sink.took == ([] if mood == "raises" else list(range(rows)))


# --- the store


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


@step
async def note(text: str) -> str:
    done.append(text)
    return text


@workflow(name="effects-noting")
async def noting() -> list[str]:
    first = await note("a")
    both = await parallel(note, ["b", "c"])
    await asyncio.sleep(5)
    return [first, *both, await note("d")]


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


# --- the end


async def test_a_runtime_that_was_left_starts_nothing(opened: Opened, store: MemoryStore) -> None:
    """Neither a new run nor an old one: it says so, and does not hang."""
    async with opened() as runtime:
        run = await runtime.run(noting)
    store.journals[run.id] = _crashed(store, run.id, 3).journals[run.id]
    store.runs[run.id] = attrs.evolve(store.runs[run.id], status=Status.RUNNING, owner="")

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
