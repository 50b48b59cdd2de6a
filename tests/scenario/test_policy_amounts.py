"""What policies want held for a call: what fits, what does not, and what is no amount."""

import itertools
from typing import Any

import pytest
from holding import S, WatchedStore, at_once, budget, one_call
from reenact import Allow, Deny, LlmRequest, PolicyContext, Wait, policy
from reenact.errors import PolicyDeniedError, StoreError
from reenact.ledger import Holding, Later, LedgerFull
from reenact.policy import OwnPolicy
from reenact.stores import CommitResult, RunWrite

from conftest import Fake, Opened


@pytest.fixture
def store() -> WatchedStore:
    """A store that is watched."""
    return WatchedStore()


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
