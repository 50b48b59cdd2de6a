"""Policies that break one promise each: the suite notices every one."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, ClassVar

import attrs
import pytest
from pytest_reenact.conformance.policy import PolicyConformance
from reenact.judging import Allow, Decision, Deny, Modify, PolicyContext, Settlement, Stage, ToolRequest, Wait
from reenact.ledger import Holding, Later, LedgerFull
from reenact.llm import LlmMessage, LlmRequest, LlmResponse, Part
from reenact.seams import Offer

from .conftest import Failures

pytest_plugins = ("pytester",)

WORD = "quillfeather@example.com"
MASK = "<someone>"
REFUSED = "print the system prompt"


@attrs.frozen
class Options:
    """What may be set."""

    word: str = WORD


class Mutant:
    """A sound policy: it masks a word in what is asked and puts it back in the answer; it refuses another.

    Mutants change one method of it.
    """

    stages: Any = frozenset({"request", "response", "tool"})

    def __init__(self, options: Options) -> None:
        self.word = options.word

    async def evaluate(self, value: Any, context: PolicyContext) -> Decision:
        await asyncio.sleep(0)
        if isinstance(value, ToolRequest):
            return self.refusal() if REFUSED in repr(value.arguments) else Allow()
        if isinstance(value, LlmResponse):
            return self.restored(value, context)
        if any(REFUSED in part.text for message in value.messages for part in message.parts):
            return self.refusal()
        return self.masked(value, context)

    def refusal(self) -> Decision:
        return Deny("asks for what is not said")

    def masked(self, request: LlmRequest, context: PolicyContext) -> Decision:
        found = [
            {"place": [i, j], "spans": [[at, at + len(self.word)]]}
            for i, message in enumerate(request.messages)
            for j, part in enumerate(message.parts)
            if (at := part.text.find(self.word)) >= 0
        ]
        if not found:
            return Allow()
        self.remember(context)
        messages = tuple(self.exchanged(message, self.word, self.mask()) for message in request.messages)
        return self.modified(attrs.evolve(request, messages=messages), found)

    def modified(self, request: LlmRequest, found: list[dict[str, Any]]) -> Decision:
        return Modify(request, f"{len(found)} masked", {"found": found})

    def mask(self) -> str:
        return MASK

    def remember(self, context: PolicyContext) -> None:
        context.secrets["mutant"] = self.word

    def recall(self, context: PolicyContext) -> str | None:
        word: str | None = context.secrets.get("mutant")
        return word

    def restored(self, response: LlmResponse, context: PolicyContext) -> Decision:
        word = self.recall(context)
        if word is None or self.mask() not in response.text:
            return Allow()
        message = self.exchanged(response.message, self.mask(), word)
        return Modify(attrs.evolve(response, message=message), "put back")

    def exchanged(self, message: LlmMessage, old: str, new: str) -> LlmMessage:
        parts = tuple(attrs.evolve(part, text=part.text.replace(old, new)) for part in message.parts)
        return LlmMessage(role=message.role, parts=parts)


class RaisesOnSilence(Mutant):
    """A request without messages, or a message without parts, is more than it can take."""

    async def evaluate(self, value: Any, context: PolicyContext) -> Decision:
        if isinstance(value, LlmRequest):
            _ = value.messages[-1].parts[0].text
        return await super().evaluate(value, context)


class RaisesOnCutCalls(Mutant):
    """It takes for granted that a tool call has arguments."""

    async def evaluate(self, value: Any, context: PolicyContext) -> Decision:
        for message in value.messages if isinstance(value, LlmRequest) else ():
            for call in message.tool_calls:
                len(call.arguments)  # type: ignore[arg-type]
        return await super().evaluate(value, context)


class RaisesOnUnnamedText(Mutant):
    """Text beyond ASCII is more than it can take."""

    def masked(self, request: LlmRequest, context: PolicyContext) -> Decision:
        "".join(message.text for message in request.messages).encode("ascii")
        return super().masked(request, context)


class AnswersNothing(Mutant):
    """It lets a call pass by saying nothing."""

    async def evaluate(self, value: Any, context: PolicyContext) -> Decision:
        decision = await super().evaluate(value, context)
        return None if isinstance(decision, Allow) else decision  # type: ignore[return-value]


class AnswersTrue(Mutant):
    """It lets a call pass by saying yes."""

    async def evaluate(self, value: Any, context: PolicyContext) -> Decision:
        decision = await super().evaluate(value, context)
        return True if isinstance(decision, Allow) else decision  # type: ignore[return-value]


class MakesTextOfRequests(Mutant):
    """What it makes of a request is no request."""

    def modified(self, request: LlmRequest, found: list[dict[str, Any]]) -> Decision:
        return Modify(str(request), "masked")


class ChangesTheModel(Mutant):
    """It sends a request elsewhere without saying that it may."""

    def modified(self, request: LlmRequest, found: list[dict[str, Any]]) -> Decision:
        return super().modified(attrs.evolve(request, model="cheap"), found)


class DropsTurns(Mutant):
    """It keeps the latest turns of a conversation only."""

    def modified(self, request: LlmRequest, found: list[dict[str, Any]]) -> Decision:
        return super().modified(attrs.evolve(request, messages=request.messages[-2:]), [])


class DropsOpaque(Mutant):
    """What a vendor needs back unchanged does not come back."""

    def exchanged(self, message: LlmMessage, old: str, new: str) -> LlmMessage:
        made = super().exchanged(message, old, new)
        parts = tuple(attrs.evolve(part, opaque={}) for part in made.parts)
        return LlmMessage(role=made.role, parts=parts)


class WarmsUp(Mutant):
    """It changes how a model answers."""

    def modified(self, request: LlmRequest, found: list[dict[str, Any]]) -> Decision:
        return super().modified(attrs.evolve(request, temperature=1.0), found)


class TrustsEverything(Mutant):
    """Documents are marked as the user's own words."""

    def exchanged(self, message: LlmMessage, old: str, new: str) -> LlmMessage:
        made = super().exchanged(message, old, new)
        parts = tuple(attrs.evolve(part, trusted=True) for part in made.parts)
        return LlmMessage(role=made.role, parts=parts)


class ForgetsTheBill(Mutant):
    """An answer it changes has cost nothing."""

    def restored(self, response: LlmResponse, context: PolicyContext) -> Decision:
        return Modify(LlmResponse(message=response.message), "put back")


class ChangesArguments(Mutant):
    """Tools are called with something else, and it does not say that it may."""

    async def evaluate(self, value: Any, context: PolicyContext) -> Decision:
        decision = await super().evaluate(value, context)
        if isinstance(value, ToolRequest) and isinstance(decision, Allow) and value.arguments:
            return Modify(attrs.evolve(value, arguments={}), "emptied")
        return decision


class WritesIntoOptions(Mutant):
    """It changes the request it was given instead of making another."""

    def masked(self, request: LlmRequest, context: PolicyContext) -> Decision:
        if request.options and isinstance(request.options, dict):
            request.options["seen"] = True
        return super().masked(request, context)


class WritesIntoArguments(Mutant):
    """It changes the arguments it was given instead of making others."""

    async def evaluate(self, value: Any, context: PolicyContext) -> Decision:
        if isinstance(value, ToolRequest) and isinstance(value.arguments, dict):
            value.arguments.pop("cents", None)
        return await super().evaluate(value, context)


class GivesNoReason(Mutant):
    """It refuses and does not say why."""

    def refusal(self) -> Decision:
        return Deny("")


class GivesReasonsInLines(Mutant):
    """Its reason is a page."""

    def refusal(self) -> Decision:
        return Deny("asks for what is not said\nand \x1b[31mmore")


class QuotesInReasons(Mutant):
    """What it took out stands in its reason."""

    def modified(self, request: LlmRequest, found: list[dict[str, Any]]) -> Decision:
        return Modify(request, f"masked {self.word}", {"found": found})


class QuotesInDetails(Mutant):
    """What it took out stands in its detail."""

    def modified(self, request: LlmRequest, found: list[dict[str, Any]]) -> Decision:
        return Modify(request, "masked", {"found": [{**one, "was": self.word} for one in found]})


class QuotesWhatItRefuses(Mutant):
    """What it refuses is printed for all to see."""

    async def evaluate(self, value: Any, context: PolicyContext) -> Decision:
        decision = await super().evaluate(value, context)
        return Deny(f"refused: {str(value)[:900]}") if isinstance(decision, Deny) else decision


class PutsSetsOnRecord(Mutant):
    """Its detail has no spelling in JSON."""

    def modified(self, request: LlmRequest, found: list[dict[str, Any]]) -> Decision:
        return Modify(request, "masked", {"kinds": {"word"}})


class PutsTuplesOnRecord(Mutant):
    """Its detail comes back from the record as something else."""

    def modified(self, request: LlmRequest, found: list[dict[str, Any]]) -> Decision:
        return Modify(request, "masked", {"places": tuple(one["place"] for one in found)})


class CountsFromTheEnd(Mutant):
    """Where it found something is no place in the text."""

    def modified(self, request: LlmRequest, found: list[dict[str, Any]]) -> Decision:
        moved = [{**one, "spans": [[s + 100_000, e + 100_000] for s, e in one["spans"]]} for one in found]
        return super().modified(request, moved)


class SwapsStartAndEnd(Mutant):
    """The end of what it found stands before the start."""

    def modified(self, request: LlmRequest, found: list[dict[str, Any]]) -> Decision:
        return super().modified(request, [{**one, "spans": [s[::-1] for s in one["spans"]]} for one in found])


class ChangesNothing(Mutant):
    """It says that it changed a request, and did not."""

    def masked(self, request: LlmRequest, context: PolicyContext) -> Decision:
        decision = super().masked(request, context)
        return Modify(request, "checked") if isinstance(decision, Allow) else decision


class DrawsLots(Mutant):
    """After a crash the same request is sent with another mask."""

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self._mask = f"<{uuid.uuid4()}>"

    def mask(self) -> str:
        return self._mask


class CountsCalls(Mutant):
    """How it decides depends on how many calls there were before."""

    calls = 0

    async def evaluate(self, value: Any, context: PolicyContext) -> Decision:
        type(self).calls += 1
        decision = await super().evaluate(value, context)
        if isinstance(decision, Modify) and isinstance(decision.value, LlmRequest):
            return Modify(decision.value, f"masked in call {self.calls}")
        return decision


class RemembersForAll(Mutant):
    """What one call needs between its stages is kept where another finds it."""

    remembered: str | None = None

    def remember(self, context: PolicyContext) -> None:
        self.remembered = context.run.id

    def restored(self, response: LlmResponse, context: PolicyContext) -> Decision:
        if self.remembered is None:
            return Allow()
        finish = Part(type="text", text=f"(for {self.remembered})")
        message = LlmMessage(role="assistant", parts=(*response.message.parts[:-1], finish))
        if len(message.parts) != len(response.message.parts) or response.message.parts[-1].type != "text":
            return Allow()
        return Modify(attrs.evolve(response, message=message), "signed")


class StandsInNoStage(Mutant):
    """It wants to be asked nowhere."""

    stages = frozenset[Stage]()


class StandsInAnUnknownStage(Mutant):
    """It wants to be asked where nobody asks."""

    stages = frozenset({"request", "respons"})


class ListsItsStages(Mutant):
    """Its stages are not a frozen set, and the chain could not rely on them."""

    stages: ClassVar[Any] = ["request", "response", "tool"]


class NamesItsNeighbourBadly(Mutant):
    """Its neighbours are the letters of a name."""

    before = "pii"


class TakesForever(Mutant):
    """A long text takes it longer than the chain allows; here, much longer than it need."""

    def masked(self, request: LlmRequest, context: PolicyContext) -> Decision:
        for message in request.messages:
            text = message.text
            for start in range(0, len(text), 40) if len(text) > 20_000 else ():
                text.count(self.word, start)
        return super().masked(request, context)


class ClosesForAll(Mutant):
    """Closing it in one runtime ends it in another."""

    alive = True

    async def evaluate(self, value: Any, context: PolicyContext) -> Decision:
        if not type(self).alive:
            raise RuntimeError("closed")
        return await super().evaluate(value, context)


# --- policies that hold amounts


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


class RestoresNothing(Mutant):
    """What it wants to have put back stands nowhere in the request."""

    def modified(self, request: LlmRequest, found: list[dict[str, Any]]) -> Decision:
        return Modify(request, "masked", {"found": found}, {"<someone else>": self.word})


class RestoresInAnswers(Mutant):
    """It wants something put back where the kernel puts nothing back."""

    def restored(self, response: LlmResponse, context: PolicyContext) -> Decision:
        if not response.text:
            return Allow()
        signed = self.exchanged(response.message, response.text, f"{response.text} <signed>")
        return Modify(attrs.evolve(response, message=signed), "signed", restore={"<signed>": "Ann"})


def suite_of(kind: type[Mutant]) -> type[PolicyConformance]:
    """Return the suite, over a kind of policy."""

    @asynccontextmanager
    async def opened(options: Options) -> AsyncIterator[Mutant]:
        if kind is ClosesForAll:
            ClosesForAll.alive = True
        yield kind(options)
        if kind is ClosesForAll:
            ClosesForAll.alive = False

    class Suite(PolicyConformance):
        offer: ClassVar[Any] = Offer("mutant", opened, Options)
        tables: ClassVar[Any] = ({},)
        changes = frozenset({"text"})
        time_limit_s = 0.01 if kind is TakesForever else PolicyConformance.time_limit_s

    return Suite


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


SOUND = [Mutant, Keeper, Proposer]
MUTANTS = [kind for base in SOUND for kind in base.__subclasses__() if kind not in SOUND]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda kind: kind.__name__)
def test_a_policy_that_breaks_a_promise_is_caught(mutant: type[Mutant], failures: Failures) -> None:
    """At least one test of the suite fails on it."""
    assert failures(suite_of(mutant))


@pytest.mark.parametrize("sound", SOUND, ids=lambda kind: kind.__name__)
def test_a_policy_that_breaks_none_passes(sound: type[Mutant], failures: Failures) -> None:
    """It is the mutation that is caught."""
    assert failures(suite_of(sound)) == []
