"""What policies hold for a call is held together, and in the commit that puts the attempt on record."""

import asyncio
from collections.abc import Sequence
from typing import Any

import attrs
import pytest
from holding import S, WatchedStore, at_once, budget, one_call
from reenact import Allow, LlmRequest, Modify, PolicyContext, Status, llm, policy, step, workflow
from reenact.errors import ConnectionLostError, LeaseLostError
from reenact.ledger import SUM_ID
from reenact.policy import OwnPolicy
from reenact.records import decode_entry
from reenact.scheduler import SkippingClock
from reenact.stores import CommitResult, RunWrite

from conftest import Fake, Opened

CALLS = 10


@pytest.fixture
def store() -> WatchedStore:
    """A store that is watched."""
    return WatchedStore()


def reader(name: str = "reader") -> OwnPolicy:
    """Return a policy that changes each request."""

    @policy(name, stage="request")
    def read(request: LlmRequest, context: PolicyContext) -> Any:
        return Modify(attrs.evolve(request, temperature=0.5), "cooler")

    return read


@step
async def plain_step(number: int) -> int:
    return number


@workflow(name="holds-sequence")
async def in_a_row(count: int = CALLS) -> int:
    for number in range(count):
        await llm("fake:m", f"q{number}")
    return count


@workflow(name="holds-steps")
async def steps_in_a_row(count: int = CALLS) -> int:
    for number in range(count):
        await plain_step(number)
    return count


async def commits_of(opened: Opened, store: WatchedStore, flow: Any, *policies: OwnPolicy) -> int:
    async with opened(policies=policies) as runtime:
        before = len(store.batches)
        run = await runtime.run(flow)
        assert run.output == CALLS
        made = len(store.batches) - before
        await runtime.verify(run.id)
    return made


# --- how many commits


@pytest.mark.parametrize(
    "policies",
    [
        [],
        [budget("usd")],
        [budget("usd"), budget("tokens"), budget("slots")],
        [reader(), reader("another")],
        [reader(), budget("usd"), reader("another"), budget("tokens")],
    ],
    ids=["none", "one holds", "three hold", "two read", "all kinds"],
)
async def test_policies_cost_no_commit(
    opened: Opened, store: WatchedStore, policies: list[OwnPolicy]
) -> None:
    """Calls in a row take one commit each, however many policies judge them and hold something for them."""
    bare = await commits_of(opened, store, steps_in_a_row)

    assert await commits_of(opened, store, in_a_row, *policies) == bare == CALLS + 1


async def test_another_attempt_takes_one_commit(opened: Opened, fake: Fake, store: WatchedStore) -> None:
    """What is held for it goes with the entry that begins it, which says how the one before failed."""
    answers: list[Any] = [ConnectionLostError("fake", "gone"), "yes"]
    fake.answer = lambda request: answers.pop(0)

    async with opened(policies=[budget("usd"), budget("tokens")]) as runtime:
        run = await runtime.run(one_call)

    assert run.output == "yes"
    holding = [batch for batch in store.batches if any(one.limit for write in batch for one in write.ledger)]
    assert len(holding) == 2
    for batch in holding:
        entries = [decode_entry(row.body) for write in batch for row in write.rows]
        assert Status.RUNNING in [entry.status for entry in entries if entry.path == "llm#0"]
    assert store.sum_of("usd") == 6


async def test_calls_at_once_are_held_for_each_by_itself(
    opened: Opened, fake: Fake, store: WatchedStore
) -> None:
    """What does not fit for one of them keeps none of the others from being made."""
    async with opened(policies=[budget("usd", 30)]) as runtime:
        run = await runtime.run(at_once, 5)

    assert isinstance(run.error, ExceptionGroup)
    assert fake.calls == 3
    assert store.sum_of("usd") <= 30


# --- in what order


async def test_nothing_is_held_before_its_attempt_is_on_record(
    opened: Opened, fake: Fake, store: WatchedStore
) -> None:
    """What a crash leaves in the ledger has an entry by which it is settled; nobody is asked before both."""
    asked: list[bool] = []

    def answer(request: LlmRequest) -> Any:
        ids = store.ledger.lines.get("usd", {}).keys() - {SUM_ID}
        asked.append(len(ids) == 1 and all(map(store.begun, ids)))
        return ConnectionLostError("fake", "gone") if len(asked) % 3 == 1 else "yes"

    fake.answer = answer
    async with opened(policies=[reader(), budget("usd"), budget("tokens")]) as runtime:
        run = await runtime.run(in_a_row)

    assert run.output == CALLS
    assert len(asked) > CALLS
    assert all(asked)
    assert store.orphans == []


async def test_a_call_whose_entry_is_refused_holds_nothing(
    opened: Opened, fake: Fake, store: WatchedStore
) -> None:
    """A process that has lost the run neither asks nor reserves."""
    taken: list[str] = []

    @policy("thief", stage="admit")
    async def thief(request: LlmRequest, context: PolicyContext) -> None:
        taken.append(context.run.id)
        store.runs[context.run.id] = attrs.evolve(store.runs[context.run.id], epoch=99)

    @workflow(name="holds-second")
    async def second() -> str:
        await plain_step(1)
        return await llm("fake:m", "hello")

    async with opened(policies=[budget("usd"), thief]) as runtime:
        with pytest.raises(LeaseLostError):
            await runtime.run(second)

    assert taken
    assert fake.calls == 0
    assert store.ledger.lines == {}


async def test_who_is_late_because_of_the_commit_is_asked_again(
    opened: Opened, fake: Fake, store: WatchedStore
) -> None:
    """The time by which a call has to begin counts when its entry is durable, and not when it was allowed."""
    clock = SkippingClock()
    asked: list[int] = []

    class Slow(WatchedStore):
        async def commit(self, writes: Sequence[RunWrite]) -> Sequence[CommitResult]:
            if len(asked) == 1:
                await clock_passes(clock, 2)
            return await super().commit(writes)

    @policy("hasty", stage="admit")
    def hasty(request: LlmRequest, context: PolicyContext) -> Allow:
        asked.append(context.clock.now_ns())
        return Allow(asked[-1] + S)

    async with opened(policies=[hasty], store=Slow(), clock=clock) as runtime:
        run = await runtime.run(one_call)

    assert run.output == "answer to hello"
    assert len(asked) == 2
    assert asked[1] - asked[0] >= 2 * S


async def clock_passes(clock: SkippingClock, seconds: int) -> None:
    """Return when so much time has passed by a clock that skips."""
    rung = asyncio.get_running_loop().create_future()
    clock.alarm(clock.now_ns() + seconds * S, lambda: rung.set_result(None))
    await rung


# --- what is called off


@pytest.mark.parametrize("after", range(12))
async def test_a_run_that_is_let_go_leaves_what_can_be_settled(
    opened: Opened, fake: Fake, store: WatchedStore, after: int
) -> None:
    """After however many turns of the loop a call is called off, nothing stays held but what it used."""

    @workflow(name="holds-called-off")
    async def called_off() -> str:
        task = asyncio.create_task(one())
        await gate_step()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return "over"

    async def one() -> str:
        return await llm("fake:m", "hello")

    @step
    async def gate_step() -> None:
        for _ in range(after):
            await asyncio.sleep(0)

    async def answer() -> str:
        await asyncio.sleep(60)
        return "never"

    fake.answer = lambda request: answer()
    async with opened(policies=[reader(), budget("usd"), budget("tokens")]) as runtime:
        run = await runtime.run(called_off)
        await runtime.verify(run.id)

    assert run.output == "over"
    assert store.orphans == []
    assert {name for lines in store.ledger.lines.values() for name in lines} <= {SUM_ID}
    assert store.sum_of("usd") == store.sum_of("tokens")
    assert store.sum_of("usd") in ((3,) if fake.calls else (0, 3))  # 3 too if it was about to be asked


async def test_a_run_that_died_after_any_commit_goes_on_within_its_limits(
    opened: Opened, fake: Fake, store: WatchedStore
) -> None:
    """What the lost attempt may have used stays reserved, in all accounts or in none, and nothing else."""
    policies = [reader(), budget("usd"), budget("tokens")]
    async with opened(policies=policies) as runtime:
        run = await runtime.run(in_a_row, 3)

    left: list[tuple[int, int]] = []
    for died in store.states:
        async with opened(policies=policies, store=died) as runtime:
            again = await runtime.resume(run.id, in_a_row)
        assert again.output == 3
        assert died.orphans == []
        left.append((died.sum_of("usd"), died.sum_of("tokens")))

    assert left == [(19, 19), (19, 19), (19, 19), (9, 9)]
