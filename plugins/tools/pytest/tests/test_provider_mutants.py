"""Providers that break one promise each: the suite notices every one."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import attrs
import pytest
from pytest_reenact.conformance.answers import Answers, Questions
from pytest_reenact.conformance.failures import Failures as Failing
from pytest_reenact.conformance.failures import Secrets
from pytest_reenact.conformance.play import Play
from pytest_reenact.conformance.script import KEY, KEY_ENV, Script
from pytest_reenact.conformance.streams import GoingAway, Streams, VendorStreams
from pytest_reenact.conformance.vendors.ollama import OllamaDouble
from reenact.errors import ProviderError, RateLimitedError, ServerError
from reenact.llm import LlmEvent, LlmMessage, LlmRequest, LlmResponse, Usage
from reenact.seams import CallContext, Capabilities, Offer, Provider

from .conftest import Failures

pytest_plugins = ("pytester",)

plugin = pytest.importorskip("reenact_ollama")
(SOUND,) = plugin.reenact_providers()

Events = AsyncGenerator[LlmEvent, None]


class Mutant:
    """Passes everything on to a sound provider. Mutants change a method of it.

    Attributes:
        part: The part of the suite that has to notice; the whole takes seconds for each.
    """

    part: type[Play] = Answers

    def __init__(self, sound: Provider) -> None:
        self.sound = sound

    @property
    def name(self) -> str:
        return self.sound.name

    @property
    def capabilities(self) -> Capabilities:
        return self.sound.capabilities

    async def complete(self, model: str, request: LlmRequest, context: CallContext) -> LlmResponse:
        return self.told(await self.sound.complete(model, self.asked(request), context))

    async def stream(self, model: str, request: LlmRequest, context: CallContext) -> Events:
        events = self.sound.stream(model, self.asked(request), context)
        try:
            async for event in events:
                yield self.piece(event)
        finally:
            await events.aclose()

    def asked(self, request: LlmRequest) -> LlmRequest:
        return request

    def piece(self, event: LlmEvent) -> LlmEvent:
        return attrs.evolve(event, response=self.told(event.response)) if event.response else event

    def told(self, response: LlmResponse) -> LlmResponse:
        return response


class ForgetsTheSystem(Mutant):
    """What the system says does not reach the model."""

    part = Questions

    def asked(self, request: LlmRequest) -> LlmRequest:
        said = tuple(message for message in request.messages if message.role != "system")
        return attrs.evolve(request, messages=said)


class ForgetsTools(Mutant):
    """The model is not told what it may call."""

    part = Questions

    def asked(self, request: LlmRequest) -> LlmRequest:
        return attrs.evolve(request, tools=())


class WarmsUp(Mutant):
    """It sends a temperature that nobody asked for."""

    part = Questions

    def asked(self, request: LlmRequest) -> LlmRequest:
        return attrs.evolve(request, temperature=0.7)


class TrimsText(Mutant):
    """White space around an answer is gone."""

    part = Answers

    def told(self, response: LlmResponse) -> LlmResponse:
        parts = tuple(attrs.evolve(part, text=part.text.strip()) for part in response.message.parts)
        return attrs.evolve(response, message=LlmMessage(role="assistant", parts=parts))


class ForgetsCalls(Mutant):
    """Of several tools that the model calls, one is called."""

    part = Answers

    def told(self, response: LlmResponse) -> LlmResponse:
        calls = response.tool_calls
        parts = tuple(part for part in response.message.parts if part not in calls[1:])
        return attrs.evolve(response, message=LlmMessage(role="assistant", parts=parts))


class ForgetsUsage(Mutant):
    """What a call took is not known."""

    part = Answers

    def told(self, response: LlmResponse) -> LlmResponse:
        return attrs.evolve(response, usage=Usage())


class AlwaysStops(Mutant):
    """An answer that was cut off looks like a whole one."""

    part = Answers

    def told(self, response: LlmResponse) -> LlmResponse:
        return attrs.evolve(response, finish="stop")


class StreamsLess(Mutant):
    """The pieces of a stream do not add up to the whole."""

    part = Streams

    def piece(self, event: LlmEvent) -> LlmEvent:
        return attrs.evolve(event, text=event.text[:-1]) if event.type == "text" else event


class EndsCutStreams(Mutant):
    """A stream that was cut comes to its end all the same."""

    part = VendorStreams

    async def stream(self, model: str, request: LlmRequest, context: CallContext) -> Events:
        said = ""
        try:
            async for event in super().stream(model, request, context):
                said += event.text
                yield event
        except ProviderError:
            from reenact.llm import assistant

            yield LlmEvent(type="end", response=LlmResponse(message=assistant(said)))


class NeverEnds(Mutant):
    """A stream has no end with the whole response."""

    part = Streams

    async def stream(self, model: str, request: LlmRequest, context: CallContext) -> Events:
        async for event in super().stream(model, request, context):
            if event.type != "end":
                yield event


class EndsTwice(Mutant):
    """The end of a stream comes twice."""

    part = Streams

    async def stream(self, model: str, request: LlmRequest, context: CallContext) -> Events:
        async for event in super().stream(model, request, context):
            yield event
            if event.type == "end":
                yield event


class StreamsInOnePiece(Mutant):
    """Nothing of a stream is seen before its end, so that a cut one was never heard of."""

    part = Streams

    async def stream(self, model: str, request: LlmRequest, context: CallContext) -> Events:
        response = await self.complete(model, request, context)
        yield LlmEvent(type="end", response=response)


class Retries(Mutant):
    """It asks again by itself, off the record."""

    part = Failing

    async def complete(self, model: str, request: LlmRequest, context: CallContext) -> LlmResponse:
        try:
            return await super().complete(model, request, context)
        except ProviderError:
            return await super().complete(model, request, context)


class CallsEverythingAServerError(Mutant):
    """Whatever goes wrong is the server's fault, and worth trying again."""

    part = Failing

    async def complete(self, model: str, request: LlmRequest, context: CallContext) -> LlmResponse:
        try:
            return await super().complete(model, request, context)
        except ProviderError as error:
            raise ServerError(error.provider, error.message) from None


class RaisesWhatItLikes(Mutant):
    """A failure is no ProviderError."""

    part = Failing

    async def complete(self, model: str, request: LlmRequest, context: CallContext) -> LlmResponse:
        try:
            return await super().complete(model, request, context)
        except ProviderError as error:
            raise RuntimeError(error.message) from None


class ForgetsHowLongToWait(Mutant):
    """A vendor that says when to come back is not heard."""

    part = Failing

    async def complete(self, model: str, request: LlmRequest, context: CallContext) -> LlmResponse:
        try:
            return await super().complete(model, request, context)
        except RateLimitedError as error:
            raise RateLimitedError(error.provider, error.message, error.status) from None


class TellsTheKey(Mutant):
    """The key stands in the message of an error."""

    part = Secrets

    async def complete(self, model: str, request: LlmRequest, context: CallContext) -> LlmResponse:
        try:
            return await super().complete(model, request, context)
        except ProviderError as error:
            error.message = f"{error.message} (key {KEY})"
            raise


class TellsThePrompt(Mutant):
    """The prompt stands in the message of an error."""

    part = Secrets

    async def complete(self, model: str, request: LlmRequest, context: CallContext) -> LlmResponse:
        try:
            return await super().complete(model, request, context)
        except ProviderError as error:
            error.message = f"{error.message}: {request.messages[-1].text}"
            raise


class SwallowsCancellation(Mutant):
    """A call that is cancelled goes on."""

    part = GoingAway

    async def complete(self, model: str, request: LlmRequest, context: CallContext) -> LlmResponse:
        asking = asyncio.ensure_future(super().complete(model, request, context))
        try:
            return await asyncio.shield(asking)
        except asyncio.CancelledError:
            await asyncio.wait({asking}, timeout=1.5)
            raise


@pytest.fixture(autouse=True)
def loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the client's modules loaded, so that runs within a run do not each load their own."""
    monkeypatch.setenv(KEY_ENV, KEY)
    play = Play()
    play.double = OllamaDouble(SOUND)
    play.stream(play.says_in_pieces(Script(text="ok")))
    play.fails(play.double.failure("rate", "later"))


def suite_of(kind: type[Mutant], part: type[Play]) -> type[Play]:
    """Return the suite, over a kind of provider."""

    @asynccontextmanager
    async def opened(options: Any) -> AsyncIterator[Any]:
        async with SOUND.open(options) as sound:
            yield kind(sound)

    class Suite(part):  # type: ignore[valid-type,misc]
        double: Any = OllamaDouble(Offer(SOUND.name, opened, SOUND.options))

    return Suite


@pytest.mark.parametrize("mutant", Mutant.__subclasses__(), ids=lambda kind: kind.__name__)
def test_a_provider_that_breaks_a_promise_is_caught(mutant: type[Mutant], failures: Failures) -> None:
    """At least one test of the suite fails on it."""
    assert failures(suite_of(mutant, mutant.part))


@pytest.mark.parametrize("part", sorted({kind.part for kind in Mutant.__subclasses__()}, key=str))
def test_a_provider_that_breaks_none_passes(part: type[Play], failures: Failures) -> None:
    """It is the mutation that is caught."""
    assert failures(suite_of(Mutant, part)) == []
