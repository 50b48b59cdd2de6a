# a suite is made of assertions
"""How the suite plays a scene: a server, a provider that is led to it, and what happens between them."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import Any, TypeVar

import attrs
import pytest
from reenact.errors import ProviderError
from reenact.fitting import structure
from reenact.llm import LlmEvent, LlmRequest, LlmResponse, ToolSpec, user
from reenact.seams import CallContext, Provider, is_given_name
from reenact.trace import TraceContext

from pytest_reenact.conformance.script import KEY, KEY_ENV, Double, RefusedError, Script, Seen
from pytest_reenact.conformance.server import Received, Reply, Server, in_turn, serving

T = TypeVar("T")

TRACE = TraceContext("0af7651916cd43dd8448eb211c80319c", "run-1", "answer", 1)
SCENE_S = 60.0
"""The longest a scene may take, in seconds; none should come near it."""

PROMPT = "Is the parcel of Ms Quillfeather-Nagy on its way?"
HELLO = LlmRequest(model="any", messages=(user(PROMPT),))

TOOLS = (
    ToolSpec(
        name="find_parcel",
        description="Find a parcel.",
        parameters={"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]},
    ),
    ToolSpec(name="now", parameters={"type": "object", "properties": {}}),
)


def context(timeout_s: float | None = None) -> CallContext:
    """Return what a call carries."""
    return CallContext(trace=TRACE, idempotency_key="run-1/answer", timeout_s=timeout_s)


class Play:
    """What the parts of the suite have in common.

    Attributes:
        double: The vendor.
    """

    double: Double

    @pytest.fixture(autouse=True)
    def _key(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(KEY_ENV, KEY)

    @property
    def provider_name(self) -> str:
        """What the provider calls itself."""
        return self.double.offer.name

    # --- replies -------------------------------------------------------------------------------

    def says(self, script: Script, **more: Any) -> Reply:
        """Return an answer in one piece."""
        import json

        body = json.dumps({**self.double.whole(script), **more}, ensure_ascii=False).encode()
        return Reply(headers={"content-type": "application/json"}, pieces=(body,))

    def says_in_pieces(self, script: Script) -> Reply:
        """Return an answer as a stream, one message a piece."""
        return self.streams(self.double.stream(script))

    def streams(self, pieces: Sequence[bytes], **how: Any) -> Reply:
        """Return a stream of these pieces."""
        kind = {"sse": "text/event-stream", "ndjson": "application/x-ndjson"}[self.double.framing]
        return Reply(headers={"content-type": kind}, pieces=tuple(pieces), **how)

    # --- scenes --------------------------------------------------------------------------------

    def scene(
        self,
        reply: Reply | Callable[[Received], Reply] | Sequence[Reply],
        act: Callable[[Provider, Server], Awaitable[T]],
        *,
        called: str = "",
        **table: Any,
    ) -> T:
        """Play a scene on an event loop of its own and return what *act* does.

        Args:
            reply: What the server sends.
            act: What is done with the provider.
            called: What the configuration calls the provider, if it is not to be the plugin's own name.
            table: More of the provider's TOML table.
        """
        answer = reply if callable(reply) else in_turn([reply] * 1000 if isinstance(reply, Reply) else reply)

        async def play() -> T:
            async with asyncio.timeout(SCENE_S), serving(answer) as server:
                options = structure(
                    {**self.double.table(server.url), **table}, self.double.offer.options, "providers.it", {}
                )
                named = {field.name: called for field in attrs.fields(type(options)) if is_given_name(field)}
                async with self.double.offer.open(attrs.evolve(options, **named)) as provider:
                    return await act(provider, server)

        return asyncio.run(play())

    def complete(self, reply: Reply, request: LlmRequest = HELLO, **table: Any) -> LlmResponse:
        """Return the whole answer to a request."""
        return self.scene(reply, lambda provider, _: provider.complete("m", request, context()), **table)

    def stream(self, reply: Reply, request: LlmRequest = HELLO, **table: Any) -> list[LlmEvent]:
        """Return the events of an answer."""
        return self.scene(reply, lambda provider, _: events_of(provider, request), **table)

    def fails(
        self, reply: Reply, request: LlmRequest = HELLO, *, stream: bool = False, **table: Any
    ) -> ProviderError:
        """Return the error that a call ends with; a stream must not have come to its end."""

        async def act(provider: Provider, _: Server) -> ProviderError:
            seen: list[LlmEvent] = []
            try:
                if stream:
                    await events_of(provider, request, seen)
                else:
                    await provider.complete("m", request, context())
            except ProviderError as error:
                assert all(event.type != "end" for event in seen)
                return error

            raise AssertionError("the call did not fail")

        return self.scene(reply, act, **table)

    def sent(
        self, request: LlmRequest = HELLO, *, stream: bool = False, model: str = "m", **table: Any
    ) -> Received:
        """Return a request as it reaches the server, unread by the double."""
        script = Script(text="ok")

        async def act(provider: Provider, server: Server) -> Received:
            await (events_of(provider, request) if stream else provider.complete(model, request, context()))
            return server.received[0]

        return self.scene(self.says_in_pieces(script) if stream else self.says(script), act, **table)

    def seen(self, request: LlmRequest, *, stream: bool = False) -> Seen:
        """Return what the model sees of a request, after the double has found nothing to refuse."""
        script = Script(text="ok")

        async def act(provider: Provider, server: Server) -> Seen:
            await (events_of(provider, request) if stream else provider.complete("m", request, context()))
            return self.double.see(server.received[0])

        def reply(received: Received) -> Reply:
            try:
                self.double.see(received)
            except RefusedError as error:
                return self.double.failure("bad_request", f"refused: {error}")
            return self.says_in_pieces(script) if stream else self.says(script)

        return self.scene(reply, act)


async def events_of(
    provider: Provider, request: LlmRequest = HELLO, into: list[LlmEvent] | None = None
) -> list[LlmEvent]:
    """Return the events of an answer, putting each into *into* as it comes."""
    events: list[LlmEvent] = [] if into is None else into
    async with aclosing(provider.stream("m", request, context())) as coming:
        async for event in coming:
            events.append(event)  # noqa: PERF401  # what came before an error counts
    return events


def with_tools(request: LlmRequest, **changes: Any) -> LlmRequest:
    """Return *request* with two tools on offer."""
    return attrs.evolve(request, tools=TOOLS, **changes)
