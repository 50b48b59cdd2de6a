"""The scripted provider keeps the promises of every provider."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs
from pytest_reenact.conformance.provider import LocalProviderConformance
from pytest_reenact.conformance.script import USAGE, Script
from reenact.errors import ProviderError
from reenact.seams import Provider
from reenact_scripted import Entry, Error, Scripted, ToolCall


class ScriptedDouble:
    """The provider, and entries that say what the suite's model says."""

    name = "scripted"
    has = frozenset({"refusal", "reasoning", "cached", "reasoning_tokens", "ids"})

    @asynccontextmanager
    async def says(self, script: Script) -> AsyncIterator[Provider]:
        entry = Entry(
            text=script.text,
            reasoning=script.reasoning,
            refusal=script.refusal,
            tool_calls=[ToolCall(name=c.name, arguments=dict(c.arguments), id=c.id) for c in script.calls],
            finish="tool_calls" if script.calls else script.finish,
            usage={name: value for name, value in attrs.asdict(USAGE).items() if value is not None},
        )
        yield Scripted([entry])

    @asynccontextmanager
    async def fails(self, error: ProviderError, after: int) -> AsyncIterator[Provider]:
        said = Error(
            kind=type(error).__name__,
            message=error.message,
            status=error.status,
            retry_after_s=error.retry_after_s,
            after=after,
        )
        yield Scripted([Entry(text="one two three", error=said)])

    @asynccontextmanager
    async def hangs(self) -> AsyncIterator[Provider]:
        yield Scripted([Entry(text="never")], latency_s=3600)


class TestScripted(LocalProviderConformance):
    """What stands in the file is answered."""

    double = ScriptedDouble()
