"""What policies hold for a call is held together, and in the commit that puts the attempt on record."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import attrs
import pytest
from pytest_reenact.memory import MemoryStore
from reenact import (
    Allow,
    Deny,
    LlmRequest,
    Modify,
    PolicyContext,
    Settlement,
    Status,
    Wait,
    llm,
    policy,
    step,
    workflow,
)
from reenact.errors import ConnectionLostError, LeaseLostError, PolicyDeniedError, StoreError
from reenact.ledger import SUM_ID, Holding, Later, LedgerFull
from reenact.policy import OwnPolicy
from reenact.records import decode_entry
from reenact.scheduler import SkippingClock
from reenact.stores import CommitResult, RunWrite

from conftest import Fake, Opened

S = 1_000_000_000
CALLS = 10

Otherwise = Callable[[Later | LedgerFull], Awaitable[Any]]


class WatchedStore(MemoryStore):
    """Notes each commit, and looks after each write whether what is held can be settled by somebody.

    Attributes:
        batches: The writes of each commit.
        orphans: Holdings that were there before the entry that began their attempt.
        states: What a process that died after each commit would have left.
    """

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[Sequence[RunWrite]] = []
        self.orphans: list[str] = []
        self.states: list[WatchedStore] = []

    async def commit(self, writes: Sequence[RunWrite]) -> Sequence[CommitResult]:
        self.batches.append(writes)
        answer = await super().commit(writes)
        self.states.append(self.left())
        return answer

    def left(self) -> "WatchedStore":
        """Return what would be left if the process died now."""
        made = WatchedStore()
        made.runs = {name: attrs.evolve(run, owner="") for name, run in self.runs.items()}
        made.journals = {name: list(rows) for name, rows in self.journals.items()}
        made.content, made.ledger = dict(self.content), self.ledger.copy()
        return made

    def _write(self, write: RunWrite) -> CommitResult:
        answer = super()._write(write)
        names = [name for lines in self.ledger.lines.values() for name in lines]
        self.orphans += [name for name in names if name != SUM_ID and not self.begun(name)]
        return answer

    def begun(self, attempt_id: str) -> bool:
        """Say whether the entry is on record that began an attempt."""
        run_id, path, seq = attempt_id.split(" ")
        rows = self.journals.get(run_id, [])
        entries = [decode_entry(row.body) for row in rows if row.seq == int(seq)]
        return [(one.path, one.status) for one in entries] == [(path, Status.RUNNING)]

    def held(self, account: str, at_ns: int = 0) -> Any:
        """Return what an account holds."""
        return super().held(account, at_ns)

    def sum_of(self, account: str) -> int:
        """Return what an account holds, settled or not."""
        return self.ledger.held(account, 0)


@pytest.fixture
def store() -> WatchedStore:
    """A store that is watched."""
    return WatchedStore()


def budget(
    name: str, limit: int = 1_000, otherwise: Otherwise | None = None, *, amount: int = 10
) -> OwnPolicy:
    """Return a policy that reserves *amount* for each attempt, and settles for 3."""

    @policy(name, stage=["admit", "settle"])
    async def reserve(value: Any, context: PolicyContext) -> Any:
        if isinstance(value, Settlement):
            spent = 3 if value.began else 0
            context.keep(Holding(account=name, id=context.attempt_id, amount=spent, settled=value.began))
            return None
        now_ns = context.clock.now_ns()
        one = Holding(account=name, id=context.attempt_id, amount=amount, limit=limit, at_ns=now_ns)
        return Allow(hold=[one], otherwise=otherwise)

    return reserve


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


@workflow(name="holds-at-once")
async def at_once(count: int) -> list[str]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(llm("fake:m", f"q{i}")) for i in range(count)]
    return [task.result() for task in tasks]


@workflow(name="holds-one")
async def one_call() -> str:
    return await llm("fake:m", "hello")


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


# --- what does not fit


async def test_what_does_not_fit_together_is_held_one_after_the_other(
    opened: Opened, fake: Fake, store: WatchedStore
) -> None:
    """Whose amount it is decides; who comes before him has his by then, and gives it back."""
    answers: list[Any] = []
    held: list[int] = []

    async def refuse(answer: Later | LedgerFull) -> Deny:
        answers.append(answer)
        held.append(store.sum_of("usd"))
        return Deny("not today")

    policies = [budget("usd"), budget("tokens", 5, refuse), budget("slots")]
    async with opened(policies=policies) as runtime:
        run = await runtime.run(one_call)
        view = await runtime.show(run.id)

    assert isinstance(run.error, PolicyDeniedError)
    assert (run.error.policy, run.error.reason) == ("tokens", "not today")
    assert isinstance(answers[0], LedgerFull)
    assert held == [10]
    assert store.ledger.lines == {}
    assert fake.calls == 0
    judged = [(one.policy, one.verdict) for one in view.steps[0].decisions if one.stage == "admit"]
    assert judged == [("usd", "allow"), ("tokens", "deny")]


async def test_who_denies_has_nothing_held_by_those_before(
    opened: Opened, fake: Fake, store: WatchedStore
) -> None:
    """What is held is held when all have let the call pass."""

    @policy("no", stage="admit")
    def no(request: LlmRequest, context: PolicyContext) -> Deny:
        return Deny("no")

    async with opened(policies=[budget("usd"), no]) as runtime:
        run = await runtime.run(one_call)

    assert isinstance(run.error, PolicyDeniedError)
    assert all(not one.limit for batch in store.batches for write in batch for one in write.ledger)


async def test_a_policy_may_ask_for_less(opened: Opened, fake: Fake, store: WatchedStore) -> None:
    """What it decides when its amount does not fit may be another amount."""

    @policy("frugal", stage=["admit", "settle"])
    async def frugal(value: Any, context: PolicyContext) -> Any:
        def wanted(amount: int) -> Holding:
            return Holding(account="usd", id=context.attempt_id, amount=amount, limit=5)

        async def less(answer: Later | LedgerFull) -> Allow:
            return Allow(hold=[wanted(4)])

        return Allow(hold=[wanted(10)], otherwise=less) if context.stage == "admit" else None

    async with opened(policies=[budget("tokens"), frugal]) as runtime:
        run = await runtime.run(one_call)

    assert run.output == "answer to hello"
    assert (store.sum_of("usd"), store.sum_of("tokens")) == (4, 3)


async def test_a_policy_that_never_stops_asking_denies(opened: Opened, fake: Fake) -> None:
    """Amounts that do not fit are asked for a bounded number of times."""

    @policy("stubborn", stage="admit")
    async def stubborn(request: LlmRequest, context: PolicyContext) -> Allow:
        async def again(answer: Later | LedgerFull) -> Allow:
            return Allow(hold=[one], otherwise=again)

        one = Holding(account="usd", id=context.attempt_id, amount=2, limit=1)
        return await again(Later(0))

    async with opened(policies=[stubborn]) as runtime:
        run = await runtime.run(one_call)

    assert isinstance(run.error, PolicyDeniedError)
    assert "policy_error: asked for other amounts 100 times" in run.error.reason
    assert fake.calls == 0


async def test_one_that_has_no_answer_denies(opened: Opened, fake: Fake) -> None:
    """A policy need not say what happens when its amount does not fit: then the call is not made."""
    async with opened(policies=[budget("usd", 5)]) as runtime:
        run = await runtime.run(one_call)

    assert isinstance(run.error, PolicyDeniedError)
    assert run.error.reason == "account 'usd' holds 0 of 5, and this call wants 10"
    assert fake.calls == 0


async def test_a_slot_in_the_future_is_waited_for_on_record(
    opened: Opened, fake: Fake, store: WatchedStore
) -> None:
    """Who may wait keeps his place in the order, and has his amounts when he goes on."""

    @policy("slots", stage=["admit", "settle"])
    async def slots(value: Any, context: PolicyContext) -> Any:
        if context.stage == "settle":
            return None
        now_ns = context.clock.now_ns()

        async def wait(answer: Later | LedgerFull) -> Wait:
            assert isinstance(answer, Later)
            return Wait(reason="a slot", until_ns=answer.at_ns)

        one = Holding(
            account="slots",
            id=context.attempt_id,
            amount=1,
            limit=1,
            at_ns=now_ns,
            for_ns=11 * S,
            wait_ns=100 * S,
        )
        return Allow(now_ns + S, [one], wait)

    began: list[tuple[str, int]] = []
    async with opened(policies=[slots, budget("usd")]) as runtime:

        def answer(request: LlmRequest) -> str:
            began.append((request.messages[-1].text, runtime.clock.now_ns()))
            return "yes"

        fake.answer = answer
        run = await runtime.run(at_once, 3)
        replayed = await runtime.replay(run.id)

    assert run.output == replayed.output == ["yes"] * 3
    assert [text for text, _ in began] == ["q0", "q1", "q2"]
    times = [at_ns for _, at_ns in began]
    assert all(later - earlier >= 10 * S for earlier, later in itertools.pairwise(times))
    assert store.orphans == []
    assert store.sum_of("usd") == 9


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


# --- what may not be


@pytest.mark.parametrize("stage", ["request", "response", "settle"])
async def test_amounts_are_held_in_the_stage_admit_only(opened: Opened, stage: Any) -> None:
    """Elsewhere nobody would give them back."""

    @policy("early", stage=stage)
    def early(value: Any, context: PolicyContext) -> Allow:
        return Allow(hold=[Holding(account="usd", id="x", amount=1, limit=1)])

    async with opened(policies=[early]) as runtime:
        run = await runtime.run(one_call)

    assert isinstance(run.error, PolicyDeniedError)
    assert run.error.reason == f"policy_error: nothing is held for a call in the stage {stage}"


async def test_what_is_no_holding_denies(opened: Opened, store: WatchedStore) -> None:
    """What could not be written does not get as far as the store, where it would fail for all."""

    @policy("odd", stage="admit")
    def odd(value: Any, context: PolicyContext) -> Allow:
        return Allow(hold=["usd"])  # type: ignore[list-item]  # what somebody may write

    async with opened(policies=[odd]) as runtime:
        run = await runtime.run(one_call)

    assert isinstance(run.error, PolicyDeniedError)
    assert run.error.reason == "policy_error: wants to hold what is no Holding"


@pytest.mark.parametrize("odd", [None, 5, Holding(account="usd", id="x", amount=1)])
async def test_amounts_that_are_no_sequence_deny(opened: Opened, fake: Fake, odd: Any) -> None:
    """A policy that hands over one amount, or none at all, has gone wrong."""

    @policy("odd", stage="admit")
    def hand_over(value: Any, context: PolicyContext) -> Allow:
        return Allow(hold=odd)

    async with opened(policies=[hand_over]) as runtime:
        run = await runtime.run(one_call)

    assert isinstance(run.error, PolicyDeniedError)
    assert run.error.reason == "policy_error: TypeError"
    assert fake.calls == 0


async def test_amounts_may_be_made_one_by_one(opened: Opened, fake: Fake, store: WatchedStore) -> None:
    """A generator of them is gone through once, and all of it is held."""

    @policy("lazy", stage="admit")
    def lazy(value: Any, context: PolicyContext) -> Allow:
        accounts = ("usd", "tokens")
        made = (Holding(account=name, id=context.attempt_id, amount=4, limit=9) for name in accounts)
        return Allow(hold=made)

    async with opened(policies=[lazy]) as runtime:
        run = await runtime.run(one_call)

    assert run.output == "answer to hello"
    assert (store.sum_of("usd"), store.sum_of("tokens")) == (4, 4)


async def test_two_amounts_of_one_account_are_held_one_after_the_other(
    opened: Opened, fake: Fake, store: WatchedStore
) -> None:
    """Policies that count in one account under other names do not overlook each other."""

    def half(name: str) -> OwnPolicy:
        @policy(name, stage="admit")
        def hold(value: Any, context: PolicyContext) -> Allow:
            own = f"{context.run.id} {name} 0"
            return Allow(hold=[Holding(account="shared", id=own, amount=6, limit=10)])

        return hold

    async with opened(policies=[half("a"), half("b")]) as runtime:
        run = await runtime.run(one_call)

    assert isinstance(run.error, PolicyDeniedError)
    assert run.error.policy == "b"
    assert store.sum_of("shared") == 6


async def test_a_store_that_fails_denies(opened: Opened, fake: Fake, store: WatchedStore) -> None:
    """Amounts that the store refuses to keep are not held, and the call is not made."""
    real = store._write

    def fails(write: RunWrite) -> CommitResult:
        return StoreError("memory", "no room") if write.ledger else real(write)

    store._write = fails  # type: ignore[method-assign]  # a double
    async with opened(policies=[budget("usd")]) as runtime:
        run = await runtime.run(one_call)

    assert isinstance(run.error, PolicyDeniedError)
    assert run.error.reason == "policy_error: StoreError"
    assert fake.calls == 0
