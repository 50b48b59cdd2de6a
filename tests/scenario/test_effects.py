"""Performing steps: attempts, time limits, threads, doubt, places, and who may look on."""

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

import pytest
from pytest_reenact.memory import MemoryStore
from reenact import (
    Config,
    NotDone,
    Retry,
    Status,
    current,
    parallel,
    step,
    workflow,
)
from reenact.config import RuntimeOptions
from reenact.errors import LeaseLostError, StepError
from reenact.records import Entry
from reenact.retrieval import read_history
from reenact.stores import CommitResult, RunWrite

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


class OddError(BaseException):
    """What some test tools raise."""


@step
async def raises_no_exception() -> None:
    raise OddError("no Exception")


ODD = {"stops": stops, "cancels": cancels_itself, "odd": raises_no_exception}


@workflow(name="effects-threads")
async def threaded() -> list[int]:
    return await parallel(in_thread, [1, 2, 3])


@workflow(name="effects-odd")
async def odd_ends(which: str) -> str:
    try:
        await ODD[which]()
    except (RuntimeError, StepError) as error:
        return f"{type(error).__name__}: {error}"
    return "?"


async def test_a_step_that_is_not_async_runs_in_a_thread(opened: Opened) -> None:
    """It knows where it is all the same."""
    async with opened() as runtime:
        run = await runtime.run(threaded)

    assert run.output == [2, 3, 4]
    assert threading.main_thread().name not in done


@pytest.mark.parametrize(
    ("which", "said"), [("stops", "StopIteration"), ("cancels", "cancelled itself"), ("odd", "no Exception")]
)
async def test_an_exception_that_asyncio_cannot_carry_is_a_failure(
    opened: Opened, which: str, said: str
) -> None:
    """``StopIteration`` in a thread, a cancellation nobody asked for, no `Exception`: the run never hangs."""
    async with opened() as runtime:
        run = await asyncio.wait_for(runtime.run(odd_ends, which), 10)
        replayed = await runtime.replay(run.id)

    assert run.output == replayed.output
    assert said in run.output


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
    cut = store.crashed(run.id, 2)
    done.clear()

    async with opened(store=cut) as runtime:
        resumed = await asyncio.wait_for(runtime.resume(run.id), 10)
        again = await asyncio.wait_for(runtime.resume(run.id), 10)

    assert resumed.status is again.status is status
    assert done == (["paid"] if how == "not done" else [])
    assert output in (resumed.output if status is Status.SUCCEEDED else resumed.record.waits_for)


async def test_a_crash_between_two_attempts_keeps_the_pause_and_the_key(
    opened: Opened, store: MemoryStore
) -> None:
    """Whoever goes on waits until the attempt was due, and tries under the same key."""
    async with opened() as runtime:
        run = await runtime.run(retrying, "good")
    keys = {one.split()[1] for one in done}
    rows = store.journals[run.id]
    waiting = next(n for n, row in enumerate(rows) if b'"waiting"' in row.body)
    cut = store.crashed(run.id, waiting + 1)
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
