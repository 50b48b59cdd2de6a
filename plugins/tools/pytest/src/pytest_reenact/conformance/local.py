# a suite is made of assertions
"""What a provider has to do that talks to no vendor: scripts, recordings, models in this process.

.. code-block:: python

    class TestMine(LocalProviderConformance):
        double = MyDouble()

The answers are those that every vendor's provider is asked for; only what there is of
connections, headers and keys is left out.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, aclosing
from typing import Any, Protocol, TypeVar

import pytest
from reenact import errors
from reenact.errors import ProviderError
from reenact.llm import LlmEvent
from reenact.seams import Provider

from pytest_reenact.conformance.answers import Answers
from pytest_reenact.conformance.play import HELLO, SCENE_S, context, events_of
from pytest_reenact.conformance.script import Script
from pytest_reenact.conformance.streams import CLOSED_S, Sharing, Streams

T = TypeVar("T")

KINDS = (
    errors.AuthenticationError,
    errors.ForbiddenError,
    errors.ModelNotFoundError,
    errors.BadRequestError,
    errors.ContextTooLongError,
    errors.ContentFilterError,
    errors.QuotaError,
    errors.RateLimitedError,
    errors.OverloadedError,
    errors.ServerError,
    errors.ProviderTimeoutError,
    errors.ConnectionLostError,
    errors.MalformedAnswerError,
)


class LocalDouble(Protocol):
    """How the suite gets at a provider.

    Attributes:
        name: What the provider calls itself.
        has: What it can say, in the words of `pytest_reenact.conformance.script.Double`.
    """

    name: str
    has: frozenset[str]

    def says(self, script: Script) -> AbstractAsyncContextManager[Provider]:
        """Return a provider, to be opened, that answers every request with *script*."""

    def fails(self, error: ProviderError, after: int) -> AbstractAsyncContextManager[Provider]:
        """Return one that answers every request with *error*, a stream after that many words of text."""

    def hangs(self) -> AbstractAsyncContextManager[Provider]:
        """Return one that does not come to its end."""


class _Local:
    """Plays scenes with a provider that talks to nobody."""

    double: Any

    @property
    def provider_name(self) -> str:
        return str(self.double.name)

    def says(self, script: Script) -> Any:
        return self.double.says(script)

    says_in_pieces = says

    def scene(
        self,
        reply: AbstractAsyncContextManager[Provider],
        act: Callable[[Provider, Any], Awaitable[T]],
        **table: Any,
    ) -> T:
        assert not table, "a provider that talks to nobody has no table"

        async def play() -> T:
            async with asyncio.timeout(SCENE_S), reply as provider:
                return await act(provider, None)

        return asyncio.run(play())


class _LocalFailures(_Local):
    """Every failure is an error of the tree, and stays what it is."""

    @pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
    @pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
    def test_every_kind(self, kind: type[ProviderError], stream: bool) -> None:
        """A failure is raised as what it is, with its facts; a stream that failed has no end."""
        facts: Mapping[str, Any] = {"status": 418, "retry_after_s": 1.5}
        seen: list[LlmEvent] = []

        async def act(provider: Provider, _: Any) -> None:
            if stream:
                await events_of(provider, HELLO, seen)
            else:
                await provider.complete("m", HELLO, context())

        with pytest.raises(ProviderError) as caught:
            self.scene(self.double.fails(kind("it", "as it is", **facts), 2 if stream else 0), act)

        assert type(caught.value) is kind
        assert (caught.value.status, caught.value.retry_after_s) == (418, 1.5)
        assert caught.value.retryable is kind.retryable_by_kind
        assert [event.type for event in seen] == (["text", "text"] if stream else [])

    @pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
    def test_cancel_goes_through(self, stream: bool) -> None:
        """A call that is cancelled ends within a second, as a cancellation."""

        async def act(provider: Provider, _: Any) -> bool:
            call = events_of(provider) if stream else provider.complete("m", HELLO, context())
            task: asyncio.Task[Any] = asyncio.ensure_future(call)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            task.cancel()
            done, _pending = await asyncio.wait({task}, timeout=CLOSED_S)
            return task in done and task.cancelled()

        assert self.scene(self.double.hangs(), act)

    def test_a_stream_that_is_left_is_over(self) -> None:
        """A consumer that closes the stream early is not kept waiting, and the next call is answered."""

        async def act(provider: Provider, _: Any) -> str:
            async with aclosing(provider.stream("m", HELLO, context())) as coming:
                async for _event in coming:
                    break
            return (await provider.complete("m", HELLO, context())).text

        assert self.scene(self.double.says(Script(text="one two three")), act) == "one two three"


class LocalProviderConformance(_LocalFailures, Answers, Streams, Sharing):  # type: ignore[misc]  # no server
    """The whole suite for a provider that talks to no vendor. Set ``double``."""
