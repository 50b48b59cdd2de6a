"""Policies that break one promise each: the suite notices every one."""

import uuid
from typing import Any, ClassVar

import attrs
import pytest
from reenact.judging import Allow, Decision, Deny, Modify, PolicyContext, Stage, ToolRequest
from reenact.llm import LlmMessage, LlmRequest, LlmResponse, Part

from .conftest import Failures
from .policy_mutants import Mutant, Options, suite_of

pytest_plugins = ("pytester",)


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

    time_limit_s = 0.01

    def masked(self, request: LlmRequest, context: PolicyContext) -> Decision:
        for message in request.messages:
            text = message.text
            for start in range(0, len(text), 40) if len(text) > 20_000 else ():
                text.count(self.word, start)
        return super().masked(request, context)


class ClosesForAll(Mutant):
    """Closing it in one runtime ends it in another."""

    alive = True

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        type(self).alive = True

    def close(self) -> None:
        type(self).alive = False

    async def evaluate(self, value: Any, context: PolicyContext) -> Decision:
        if not type(self).alive:
            raise RuntimeError("closed")
        return await super().evaluate(value, context)


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


MUTANTS = [kind for kind in Mutant.__subclasses__() if kind.__module__ == __name__]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda kind: kind.__name__)
def test_a_policy_that_breaks_a_promise_is_caught(mutant: type[Mutant], failures: Failures) -> None:
    """At least one test of the suite fails on it."""
    assert failures(suite_of(mutant))


def test_a_policy_that_breaks_none_passes(failures: Failures) -> None:
    """It is the mutation that is caught."""
    assert failures(suite_of(Mutant)) == []
