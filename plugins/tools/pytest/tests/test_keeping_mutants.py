"""Policies that hold amounts, and break one promise each: the suite notices every one."""

from typing import Any

import pytest
from reenact.judging import Allow, Decision, Deny, PolicyContext, Settlement, Wait
from reenact.ledger import Holding, Later, LedgerFull
from reenact.llm import LlmRequest

from .conftest import Failures
from .policy_mutants import Mutant, suite_of

pytest_plugins = ("pytester",)


class Keeper(Mutant):
    """A sound policy that counts calls: each holds a place until it is settled, the third waits a second."""

    stages: Any = frozenset({"admit", "settle"})
    most = 1_000

    async def evaluate(self, value: Any, context: PolicyContext) -> Decision:
        if isinstance(value, Settlement):
            self.settle(value, context)
            return Allow()
        return await self.admit(value, context)

    def holding(self, context: PolicyContext, **more: Any) -> Holding:
        return Holding(account="places", id=context.attempt_id, **{"amount": 1, **more})

    async def admit(self, request: LlmRequest, context: PolicyContext) -> Decision:
        at_ns = context.clock.now_ns()
        full = await context.hold(self.holding(context, limit=self.most, at_ns=at_ns))
        if isinstance(full, LedgerFull):
            return Deny("all places are taken")
        if context.attempt_id.endswith("/3") and "waited" not in context.secrets:
            context.secrets["waited"] = True
            return self.wait(request, at_ns)
        return Allow(at_ns + 1)

    def wait(self, request: LlmRequest, at_ns: int) -> Decision:
        return Wait(reason="a place", until_ns=at_ns + 1_000_000_000)

    def settle(self, spent: Settlement, context: PolicyContext) -> None:
        context.keep(self.holding(context, amount=int(spent.began)))


class KeepsWhatNeverBegan(Keeper):
    """An attempt that never began has taken a place for good."""

    def settle(self, spent: Settlement, context: PolicyContext) -> None:
        context.keep(self.holding(context))


class CountsOnAnAnswer(Keeper):
    """It takes for granted that an attempt was answered."""

    def settle(self, spent: Settlement, context: PolicyContext) -> None:
        assert spent.response is not None
        super().settle(spent, context)


class CountsOnAUsage(Keeper):
    """It takes for granted that somebody says what an attempt took."""

    def settle(self, spent: Settlement, context: PolicyContext) -> None:
        if spent.began:
            int(spent.usage.output_tokens)  # type: ignore[union-attr, arg-type]
        super().settle(spent, context)


class SettlesWithALimit(Keeper):
    """What it settles asks for a limit, and could be refused when it has been spent."""

    def settle(self, spent: Settlement, context: PolicyContext) -> None:
        context.keep(self.holding(context, amount=int(spent.began), limit=self.most))


class WaitsForNothing(Keeper):
    """It has a call wait for nothing that could happen."""

    def wait(self, request: LlmRequest, at_ns: int) -> Decision:
        return Wait(reason="a place")


class WaitsForThePast(Keeper):
    """It wants to be asked again at once, and for ever."""

    def wait(self, request: LlmRequest, at_ns: int) -> Decision:
        return Wait(reason="a place", until_ns=at_ns)


class WaitsBeforeAdmission(Keeper):
    """It has a call wait where nothing can wait."""

    stages: Any = frozenset({"request", "settle"})

    async def evaluate(self, value: Any, context: PolicyContext) -> Decision:
        return Allow() if isinstance(value, Settlement) else self.wait(value, context.clock.now_ns())


class AsksWithAQuote(Keeper):
    """What a person is asked holds what was said."""

    def wait(self, request: LlmRequest, at_ns: int) -> Decision:
        said = " ".join(message.text for message in request.messages)
        return Wait(reason="a place", question="Go on with this?", show={"said": said})


class ShowsWhatCannotBeStored(Keeper):
    """What a person is shown has no spelling in JSON."""

    def wait(self, request: LlmRequest, at_ns: int) -> Decision:
        return Wait(reason="a place", question="Go on?", show={"kinds": ("a", "b")})


class AdmitsUntilYesterday(Keeper):
    """Its admission has ended before it began."""

    async def admit(self, request: LlmRequest, context: PolicyContext) -> Decision:
        await super().admit(request, context)
        return Allow(context.clock.now_ns() - 1)


# --- policies whose amounts the kernel holds


class Proposer(Mutant):
    """A sound policy of two places, each held for a second; who finds none waits for one."""

    stages: Any = frozenset({"admit", "settle"})

    async def evaluate(self, value: Any, context: PolicyContext) -> Decision:
        if isinstance(value, Settlement):
            if not value.began:
                context.keep(Holding(account="places", id=context.attempt_id, amount=0))
            return self.settled()
        return self.admit(context)

    def admit(self, context: PolicyContext) -> Decision:
        at_ns = context.clock.now_ns()

        async def otherwise(answer: Later | LedgerFull) -> Decision:
            return self.otherwise(answer, at_ns)

        return Allow(at_ns + 1, [self.holding(context, at_ns)], otherwise)

    def holding(self, context: PolicyContext, at_ns: int) -> Holding:
        second_ns = 1_000_000_000
        return Holding(
            account="places",
            id=context.attempt_id,
            amount=1,
            limit=2,
            at_ns=at_ns,
            for_ns=second_ns,
            wait_ns=100 * second_ns,
        )

    def otherwise(self, answer: Later | LedgerFull, at_ns: int) -> Decision:
        if isinstance(answer, LedgerFull):
            return Deny("all places are taken")
        return Wait(reason="a place", until_ns=answer.at_ns)

    def settled(self) -> Decision:
        return Allow()


class RaisesOtherwise(Proposer):
    """It has not thought of what happens when its amount begins later."""

    def otherwise(self, answer: Later | LedgerFull, at_ns: int) -> Decision:
        raise ValueError("full")


class SaysNothingOtherwise(Proposer):
    """It decides nothing when its amount begins later."""

    def otherwise(self, answer: Later | LedgerFull, at_ns: int) -> Any:
        return None


class WaitsForWhenItAsked(Proposer):
    """It has a call wait for the time at which it asked."""

    def otherwise(self, answer: Later | LedgerFull, at_ns: int) -> Decision:
        return Wait(reason="a place", until_ns=at_ns)


class HoldsWhenItIsOver(Proposer):
    """It wants to hold something where nobody gives it back."""

    def settled(self) -> Decision:
        return Allow(hold=[Holding(account="places", id="x", amount=1)])


class HoldsAName(Proposer):
    """What it wants to hold is no holding."""

    def holding(self, context: PolicyContext, at_ns: int) -> Any:
        return "places"


class TakesForGoodWhatNeverBegan(Proposer):
    """It gives nothing back."""

    async def evaluate(self, value: Any, context: PolicyContext) -> Decision:
        return Allow() if isinstance(value, Settlement) else self.admit(context)


SOUND = [Keeper, Proposer]
MUTANTS = [kind for base in SOUND for kind in base.__subclasses__()]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda kind: kind.__name__)
def test_a_policy_that_breaks_a_promise_is_caught(mutant: type[Mutant], failures: Failures) -> None:
    """At least one test of the suite fails on it."""
    assert failures(suite_of(mutant))


@pytest.mark.parametrize("sound", SOUND, ids=lambda kind: kind.__name__)
def test_a_policy_that_breaks_none_passes(sound: type[Mutant], failures: Failures) -> None:
    """It is the mutation that is caught."""
    assert failures(suite_of(sound)) == []
