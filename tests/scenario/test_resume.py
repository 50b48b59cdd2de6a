"""Runs that stop and go on: crashes, failures, doubt."""

import asyncio

import attrs
import pytest
from pytest_reenact.memory import MemoryStore
from reenact import LlmRequest, NotDone, Resolution, Status, llm, step, tool, workflow
from reenact.config import Config, RuntimeOptions
from reenact.errors import InDoubtError, RateLimitedError, StepError
from turning import until

from conftest import Fake, Opened

done: list[str] = []


@pytest.fixture(autouse=True)
def forget() -> None:
    done.clear()


@workflow
async def two_steps(topic: str) -> list[str]:
    first = await llm("fake:one", f"plan {topic}", name="step1")
    second = await llm("fake:one", f"do {first}", name="step2")
    return [first, second]


async def test_a_crash_at_step2_is_resumed_by_another_runtime(
    opened: Opened, fake: Fake, store: MemoryStore
) -> None:
    """A second runtime with another provider goes on at step2 and does not ask step1 again."""

    def crash(request: LlmRequest) -> str | Exception:
        return RuntimeError("crash") if "do " in request.messages[-1].text else "plan created"

    fake.answer = crash
    async with opened() as runtime:
        crashed = await runtime.run(two_steps, "trip")
    assert crashed.status is Status.FAILED

    other = Fake(answer=lambda request: "done")
    async with opened(providers={"fake": other}) as runtime:
        run = await runtime.resume(crashed.id)
        view = await runtime.show(run.id)

    assert run.output == ["plan created", "done"]
    assert [path for path, _ in other.asked] == ["step2#0"]
    assert [(s.path, s.status) for s in view.steps] == [("step1#0", "succeeded"), ("step2#0", "succeeded")]
    assert run.record.steps == 2


@step
async def note(text: str) -> str:
    done.append(text)
    return text.upper()


@step(effect="once")
async def pay(cents: int) -> str:
    done.append(f"paid {cents}")
    return "receipt"


@workflow
async def paying(cents: int) -> str:
    await note("before")
    receipt = await pay(cents)
    await note("after")
    return receipt


async def test_a_once_step_in_doubt_waits_for_a_person(opened: Opened, store: MemoryStore) -> None:
    """A step that may not be repeated is not run again when its end is unknown; the run says so."""
    async with opened() as runtime:
        run = await runtime.run(paying, 100)
    cut = store.crashed(run.id, 4)  # the intent of pay is there, its outcome is not
    done.clear()

    async with opened(store=cut) as runtime:
        doubtful = await runtime.resume(run.id)
        assert doubtful.status is Status.IN_DOUBT
        assert done == []
        with pytest.raises(InDoubtError, match="reenact resolve"):
            _ = doubtful.output
        await runtime.resolve(run.id, "pay#0", Resolution(done=True, value="found"))
        resolved = await runtime.resume(run.id)

    assert resolved.output == "found"
    assert done == ["after"]


async def test_a_person_may_have_it_tried_again(opened: Opened, store: MemoryStore) -> None:
    """``retry`` runs the step again, ``fail`` fails it."""
    async with opened() as runtime:
        run = await runtime.run(paying, 100)
    for resolution, expected in ((Resolution(retry=True), "receipt"), (Resolution(fail="no"), None)):
        cut = store.crashed(run.id, 4)
        done.clear()
        async with opened(store=cut) as runtime:
            await runtime.resume(run.id)
            await runtime.resolve(run.id, "pay", resolution)
            resolved = await runtime.resume(run.id)
        if expected:
            assert resolved.output == expected
            assert done == ["paid 100", "after"]
        else:
            assert isinstance(resolved.error, StepError)
            assert done == []


async def found(cents: int) -> str:
    if cents == 1:
        raise NotDone
    return f"found {cents}"


@tool(effect="once", reconcile=found)
async def refund(cents: int) -> str:
    done.append("refunded")
    return "new"


@workflow
async def refunding(cents: int) -> str:
    return await refund(cents)


@pytest.mark.parametrize(("cents", "expected", "repeated"), [(5, "found 5", False), (1, "new", True)])
async def test_reconcile_is_asked_first(
    opened: Opened, store: MemoryStore, cents: int, expected: str, repeated: bool
) -> None:
    """With ``reconcile`` the program finds out by itself whether the effect happened."""
    async with opened() as runtime:
        run = await runtime.run(refunding, cents)
    cut = store.crashed(run.id, 2)
    done.clear()

    async with opened(store=cut) as runtime:
        resumed = await runtime.resume(run.id)

    assert resumed.output == expected
    assert bool(done) is repeated


async def test_a_repeatable_step_in_doubt_runs_again_under_its_key(
    opened: Opened, fake: Fake, store: MemoryStore
) -> None:
    """A call whose answer was lost is made again with the same idempotency key."""
    async with opened() as runtime:
        run = await runtime.run(two_steps, "trip")
    cut = store.crashed(run.id, 4)
    keys = [context.idempotency_key for context in fake.contexts]
    fake.contexts.clear()

    async with opened(store=cut) as runtime:
        await runtime.resume(run.id)

    assert [context.idempotency_key for context in fake.contexts] == keys[1:]
    assert fake.contexts[0].trace.attempt == 2


async def test_a_step_that_is_interrupted_too_often_is_parked(opened: Opened, store: MemoryStore) -> None:
    """A step that takes the process down with it is not tried for ever."""
    async with opened() as runtime:
        run = await runtime.run(two_steps, "trip")
    current_store = store.crashed(run.id, 2)
    statuses = []
    for _ in range(5):
        hanging = Fake(answer=lambda request: asyncio.Event().wait())
        async with opened(
            Config(runtime=RuntimeOptions(grace_s=0)), store=current_store, providers={"fake": hanging}
        ) as runtime:
            record = await runtime.find(run.id)
            task = asyncio.create_task(runtime.resume(run.id))
            await until(lambda: task.done() or hanging.calls)  # noqa: B023  # called at once
            statuses.append(task.result().status if task.done() else record.status)
            rows = len(current_store.journals[run.id])
            current_store = current_store.crashed(run.id, rows)
            task.cancel()

    assert statuses[-1] is Status.IN_DOUBT


async def test_retries_are_on_record_and_survive(opened: Opened, fake: Fake) -> None:
    """A provider's error that may pass is tried again after the pause the vendor asks for."""
    tries = iter([RateLimitedError("fake", "slow down", 429, retry_after_s=7), "fine", "fine"])
    fake.answer = lambda request: next(tries)

    async with opened() as runtime:
        run = await runtime.run(two_steps, "trip")
        view = await runtime.show(run.id)
        replayed = await runtime.replay(run.id)

    assert run.output == replayed.output == ["fine", "fine"]
    assert view.steps[0].attempts == 2
    waiting = next(entry for entry in view.entries if entry.status is Status.WAITING)
    assert waiting.failure is not None
    assert waiting.due_ns - waiting.at_ns == pytest.approx(7e9, rel=0.01)


async def test_a_failed_step_raises_the_same_exception_on_replay(opened: Opened) -> None:
    """Type and message are those on record, also of exceptions with odd constructors."""

    class Odd(Exception):
        def __init__(self, *, code: int) -> None:
            super().__init__(f"code {code}")
            self.code = code

    @step
    async def odd() -> None:
        raise Odd(code=7)

    @workflow(name="catches")
    async def catches() -> str:
        try:
            await odd()
        except Odd as error:
            return f"{type(error).__name__}: {error} ({error.code})"
        return "nothing"

    async with opened() as runtime:
        run = await runtime.run(catches)
        assert run.output == "Odd: code 7 (7)"
        assert (await runtime.replay(run.id)).output == run.output


async def test_recover_takes_up_what_was_left(opened: Opened, store: MemoryStore) -> None:
    """Every run whose owner is gone goes on; one whose code is gone does not keep the others from it."""
    async with opened() as runtime:
        runs = [await runtime.run(paying, n) for n in range(3)]
        lost = await runtime.run(two_steps, "x")
    for run in runs:
        store.journals[run.id] = store.journals[run.id][:3]
        store.runs[run.id] = attrs.evolve(store.runs[run.id], status=Status.RUNNING)
    store.journals[lost.id] = store.journals[lost.id][:3]
    store.runs[lost.id] = attrs.evolve(store.runs[lost.id], status=Status.RUNNING, workflow="gone")

    async with opened() as runtime:
        recovered = await runtime.recover()

    assert sorted(type(one).__name__ for one in recovered) == ["Run", "Run", "Run", "UsageError"]
    assert all(store.runs[run.id].status is Status.SUCCEEDED for run in runs)


async def test_a_stopped_runtime_gives_its_runs_back(opened: Opened, store: MemoryStore) -> None:
    """Leaving the runtime lets go of what runs; another one goes on where it stopped."""
    async with opened(Config(runtime=RuntimeOptions(grace_s=1))) as runtime:
        handle = await runtime.start(_stoppable)
        await until(lambda: len(store.journals.get(handle.id, ())) >= 3)
    assert store.runs[handle.id].owner == ""
    assert store.runs[handle.id].status is Status.RUNNING

    _opened.set()
    async with opened() as runtime:
        run = await runtime.resume(handle.id)
    assert run.output == "went on"
    assert done == ["first"]


_opened = asyncio.Event()


@step
async def until_opened() -> str:
    await _opened.wait()
    return "went on"


@workflow(name="stoppable")
async def _stoppable() -> str:
    await note("first")
    return await until_opened()
