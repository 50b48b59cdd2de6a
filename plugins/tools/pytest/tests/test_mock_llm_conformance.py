"""The scripted model and the recording are providers like any other."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from pytest_reenact.clock import VirtualClock
from pytest_reenact.conformance.provider import LocalProviderConformance
from pytest_reenact.conformance.script import USAGE, Script
from pytest_reenact.mock_llm import MockLlm
from pytest_reenact.recording import Player, Recorder, Recording
from pytest_reenact.scripts import ToolCall
from reenact.errors import ProviderError
from reenact.seams import Provider

HAS = frozenset({"refusal", "filter", "reasoning", "cached", "reasoning_tokens", "ids"})


def scripted(script: Script, **more: Any) -> MockLlm:
    """Return a model that answers everything with *script*."""
    llm = MockLlm(VirtualClock())
    llm.script(
        None,
        script.text,
        reasoning=script.reasoning,
        refusal=script.refusal,
        tool_calls=[ToolCall(call.name, call.arguments, call.id) for call in script.calls],
        finish="tool_calls" if script.calls else script.finish,
        usage=USAGE,
        times=None,
        **more,
    )
    return llm


class MockDouble:
    """The scripted model."""

    name = "mock"
    has = HAS

    @asynccontextmanager
    async def says(self, script: Script) -> AsyncIterator[Provider]:
        yield scripted(script)

    @asynccontextmanager
    async def fails(self, error: ProviderError, after: int) -> AsyncIterator[Provider]:
        llm = MockLlm(VirtualClock())
        llm.script(None, "one two three", error=error, after=after, times=None)
        yield llm

    @asynccontextmanager
    async def hangs(self) -> AsyncIterator[Provider]:
        yield scripted(Script(text="never"), latency_s=3600)


class TestMockLlm(LocalProviderConformance):
    """What is scripted is answered."""

    double = MockDouble()


class RecorderDouble(MockDouble):
    """What records, over the scripted model."""

    @asynccontextmanager
    async def says(self, script: Script) -> AsyncIterator[Provider]:
        async with super().says(script) as real:
            yield recorder(real)

    @asynccontextmanager
    async def fails(self, error: ProviderError, after: int) -> AsyncIterator[Provider]:
        async with super().fails(error, after) as real:
            yield recorder(real)

    @asynccontextmanager
    async def hangs(self) -> AsyncIterator[Provider]:
        async with super().hangs() as real:
            yield recorder(real)


def recorder(real: Provider) -> Recorder:
    """Return what records the answers of *real*, onto a cassette that nobody keeps."""
    return Recorder(Recording(Path("nowhere.json"), "all", MockLlm(VirtualClock())), real)


class TestRecorder(LocalProviderConformance):
    """Who records changes nothing."""

    double = RecorderDouble()


class AnswersAgain(Player):
    """Answers from what was recorded, any number of times."""

    def __init__(self, recording: Recording, real: Provider) -> None:
        super().__init__(recording, real.name)
        self._real = real

    async def complete(self, model: Any, request: Any, context: Any) -> Any:
        await self._record(model, request, context)
        return await super().complete(model, request, context)

    async def stream(self, model: Any, request: Any, context: Any) -> Any:
        await self._record(model, request, context)
        async for event in super().stream(model, request, context):
            yield event

    async def _record(self, model: Any, request: Any, context: Any) -> None:
        real = Recorder(self._recording, self._real)
        try:
            async for _ in real.stream(model, request, context):
                continue
        except ProviderError:
            return


class PlayerDouble(RecorderDouble):
    """What answers from a recording, made a moment ago."""

    @asynccontextmanager
    async def says(self, script: Script) -> AsyncIterator[Provider]:
        async with MockDouble.says(self, script) as real:
            yield player(real)

    @asynccontextmanager
    async def fails(self, error: ProviderError, after: int) -> AsyncIterator[Provider]:
        async with MockDouble.fails(self, error, after) as real:
            yield player(real)


def player(real: Provider) -> AnswersAgain:
    """Return what answers from a recording of *real*."""
    return AnswersAgain(Recording(Path("nowhere.json"), "all", MockLlm(VirtualClock())), real)


class TestPlayer(LocalProviderConformance):
    """What was recorded is answered."""

    double = PlayerDouble()
