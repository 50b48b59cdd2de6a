# a suite is made of assertions about numbers it chose itself
"""Answers that come in pieces, however the pieces were cut, and answers that stop coming."""

import asyncio
import gc
import warnings
from contextlib import aclosing, suppress
from typing import Any

import attrs
import pytest
from reenact.errors import ConnectionLostError, MalformedAnswerError, ProviderError
from reenact.llm import LlmEvent
from reenact.seams import Provider

from pytest_reenact.conformance.answers import AWKWARD, PARALLEL, SCHEMA
from pytest_reenact.conformance.play import HELLO, Play, context, events_of, with_tools
from pytest_reenact.conformance.script import Script, neutral
from pytest_reenact.conformance.server import Server

SCRIPTS = {
    "text": Script(text=AWKWARD * 3),
    "calls": Script(text="I look.", calls=PARALLEL),
    "only calls": Script(calls=PARALLEL[:1]),
    "length": Script(text="Once upon", finish="length"),
}
LOST = (ConnectionLostError, MalformedAnswerError)
MANY = 200
CLOSED_S = 1.0


def summed(events: list[LlmEvent]) -> dict[str, Any]:
    """Return what the pieces add up to."""
    calls: dict[int, list[str]] = {}
    for event in events:
        if event.type == "tool_call":
            calls.setdefault(event.index, []).append(event.text)
    return {
        "text": "".join(event.text for event in events if event.type == "text"),
        "reasoning": "".join(event.text for event in events if event.type == "reasoning"),
        "calls": ["".join(pieces) for _, pieces in sorted(calls.items())],
    }


class Streams(Play):
    """A stream says what the whole answer would have said."""

    @pytest.mark.parametrize("name", SCRIPTS)
    def test_a_stream_equals_the_whole(self, name: str) -> None:
        """The last event has the response that the same answer in one piece would have been."""
        script = SCRIPTS[name]
        whole = self.complete(self.says(script), with_tools(HELLO))

        events = self.stream(self.says_in_pieces(script), with_tools(HELLO))

        last = events[-1]
        assert [event.type for event in events].count("end") == 1
        assert last.response is not None
        assert neutral(last.response) == neutral(whole)
        assert (last.response.usage, last.response.finish) == (whole.usage, whole.finish)

    @pytest.mark.parametrize("name", SCRIPTS)
    def test_the_pieces_add_up(self, name: str) -> None:
        """Text, reasoning and arguments in the events make what the response holds."""
        events = self.stream(self.says_in_pieces(SCRIPTS[name]), with_tools(HELLO))

        response, made = events[-1].response, summed(events)
        assert response is not None
        assert made["text"] == response.text
        assert len(made["calls"]) == len(response.tool_calls)
        named = [event for event in events if event.type == "tool_call"]
        assert all(event.name and event.id for event in named)

    def test_structured_output_in_pieces(self) -> None:
        """Structured output streams as text."""
        text = '{"queue":"shipping","urgent":true}'
        request = attrs.evolve(HELLO, output_schema=SCHEMA)

        events = self.stream(self.says_in_pieces(Script(text=text)), request)

        assert summed(events)["text"] == text

    def test_reasoning_in_pieces(self) -> None:
        """Reasoning streams apart from the text."""
        if "reasoning" not in self.double.has:
            pytest.skip("the vendor tells no reasoning")

        made = summed(self.stream(self.says_in_pieces(Script(reasoning="Let me see.", text="Yes."))))

        assert (made["reasoning"], made["text"]) == ("Let me see.", "Yes.")

    def test_a_refusal_in_pieces(self) -> None:
        """A refusal in a stream is the same as in one piece."""
        if "refusal" not in self.double.has:
            pytest.skip("the vendor has no refusals")

        response = self.stream(self.says_in_pieces(Script(refusal="I will not.", finish="refusal")))[
            -1
        ].response

        assert response is not None
        assert (response.finish, response.text) == ("refusal", "")


class VendorStreams(Play):
    """A stream over a connection says the same however its bytes were cut, and stops with an error."""

    @pytest.mark.parametrize("name", SCRIPTS)
    def test_split_at_every_byte(self, name: str) -> None:
        """However the bytes are cut, the events add up to the same."""
        data = b"".join(self.double.stream(SCRIPTS[name]))
        at_once = self.stream(self.streams([data]))

        one_by_one = self.stream(self.streams([data[i : i + 1] for i in range(len(data))]))

        assert summed(one_by_one) == summed(at_once)
        assert one_by_one[-1] == at_once[-1]

    @pytest.mark.parametrize("name", ["text", "calls"])
    @pytest.mark.parametrize("then", ["end", "break"])
    def test_cut_anywhere(self, name: str, then: str) -> None:
        """A stream that stops before its end is a failure, also where the connection closes properly."""
        data = b"".join(self.double.stream(SCRIPTS[name]))
        last = len(data.rstrip())
        cuts = sorted({*range(0, last, max(1, last // 60)), *range(last - 8, last)})

        async def act(provider: Provider, _: Server) -> list[str]:
            ends: list[str] = []
            for _cut in cuts:
                seen: list[LlmEvent] = []
                with suppress(*LOST):
                    await events_of(provider, HELLO, seen)
                ends += [event.type for event in seen if event.type == "end"]
            return ends

        ends = self.scene([self.streams([data[:cut]], then=then) for cut in cuts], act)

        assert ends == []

    def test_a_broken_whole_answer_is_a_failure(self) -> None:
        """An answer in one piece that breaks off is a failure and can be tried again."""
        whole = self.says(Script(text=AWKWARD))
        data = whole.pieces[0]

        cut = attrs.evolve(whole, pieces=(data[: len(data) // 2],))
        errors = [self.fails(cut), self.fails(attrs.evolve(cut, then="break"))]

        assert all(isinstance(error, LOST) and error.retryable for error in errors)

    def test_an_error_inside_a_stream(self) -> None:
        """An error that comes after a good beginning is that error, and the stream has no end."""
        pieces, kind = self.double.stream_failure()

        error = self.fails(self.streams(pieces), stream=True)

        assert type(error) is kind

    def test_raw_messages_are_kept_if_asked(self) -> None:
        """With keep_raw the response has every message of the stream."""
        response = self.stream(self.says_in_pieces(Script(text="ok")), keep_raw=True)[-1].response

        assert response is not None
        assert isinstance(response.raw, list)
        assert response.raw


class EventStreams(Play):
    """What the standard allows in an event stream."""

    @pytest.mark.parametrize(
        "spelling",
        {
            "LF": lambda data: data.replace(b"\r\n", b"\n"),
            "CRLF": lambda data: data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"),
            "CR": lambda data: data.replace(b"\r\n", b"\n").replace(b"\n", b"\r"),
            "BOM": lambda data: b"\xef\xbb\xbf" + data,
            "comments": lambda data: b": hello\n\n" + data.replace(b"data:", b": keep-alive\n: \ndata:"),
            "no space": lambda data: data.replace(b"data: ", b"data:"),
            "more fields": lambda data: data.replace(b"data:", b"id: 7\nretry: 10\nother: x\ndata:"),
            "empty events": lambda data: b"\n\n\n" + data,
        }.items(),
        ids=lambda item: item[0],
    )
    @pytest.mark.parametrize("chunk", [1, 7, 10_000])
    def test_spellings(self, spelling: Any, chunk: int) -> None:
        """Line ends, comments, a byte order mark and unknown fields change nothing, however they are cut."""
        data = b"".join(self.double.stream(SCRIPTS["calls"]))
        plain = self.stream(self.streams([data]))

        spelled = spelling[1](data)
        events = self.stream(self.streams([spelled[i : i + chunk] for i in range(0, len(spelled), chunk)]))

        assert events == plain


class GoingAway(Play):
    """Who stops listening closes what was opened."""

    @pytest.mark.parametrize("after", [0, 1])
    def test_cancel_closes_the_connection(self, after: int) -> None:
        """A cancelled stream has closed its connection within a second, and leaves nothing behind."""
        first = self.double.stream(Script(text="Once upon a time"))[:after]

        async def act(provider: Provider, server: Server) -> None:
            task = asyncio.create_task(events_of(provider))
            await server.asked.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            async with asyncio.timeout(CLOSED_S):
                await server.hung_up.wait()

        with warnings.catch_warnings():
            warnings.simplefilter("error", ResourceWarning)
            self.scene(self.streams(first, then="hang"), act)
            gc.collect()

    def test_cancel_of_a_whole_answer_closes_the_connection(self) -> None:
        """A cancelled call has closed its connection within a second."""

        async def act(provider: Provider, server: Server) -> None:
            task = asyncio.create_task(provider.complete("m", HELLO, context()))
            await server.asked.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            async with asyncio.timeout(CLOSED_S):
                await server.hung_up.wait()

        self.scene(self.streams([b""], then="hang"), act)

    def test_a_stream_that_is_left_closes_the_connection(self) -> None:
        """A consumer that closes the stream early closes the connection."""
        pieces = self.double.stream(Script(text="Once upon a time"))[:-1]

        async def act(provider: Provider, server: Server) -> None:
            async with aclosing(provider.stream("m", HELLO, context())) as coming:
                async for _ in coming:
                    break
            async with asyncio.timeout(CLOSED_S):
                await server.hung_up.wait()

        self.scene(self.streams(pieces, then="hang"), act)

    def test_connections_are_used_again(self) -> None:
        """Calls one after the other go over one connection, streams among them."""

        async def act(provider: Provider, server: Server) -> int:
            for _ in range(3):
                await events_of(provider)
            return server.connections

        assert self.scene(self.says_in_pieces(Script(text="ok")), act) == 1

    def test_many_streams_are_open_at_once(self) -> None:
        """Two hundred streams are all being answered at the same time; none waits for another's end."""
        pieces = self.double.stream(Script(text="Once upon a time"))[:-1]

        async def act(provider: Provider, server: Server) -> int:
            begun = asyncio.Barrier(MANY)

            async def one() -> None:
                async with aclosing(provider.stream("m", HELLO, context())) as coming:
                    await anext(coming)
                    await begun.wait()

            await asyncio.gather(*(one() for _ in range(MANY)))
            return server.connections

        assert self.scene(self.streams(pieces, then="hang"), act) == MANY

    def test_a_closed_provider_says_so(self) -> None:
        """A call after the provider was closed is an error that no retry helps."""

        async def act(provider: Provider, _: Server) -> Provider:
            return provider

        provider = self.scene(self.says(Script(text="ok")), act)

        with pytest.raises(ProviderError) as caught:
            asyncio.run(provider.complete("m", HELLO, context()))
        assert not caught.value.retryable


class Sharing(Play):
    """One provider answers many at once, on more than one loop."""

    def test_many_streams_at_once(self) -> None:
        """Two hundred streams on one loop all come to their end, each with its own answer."""

        async def act(provider: Provider, _: Server) -> list[str]:
            streams = await asyncio.gather(*(events_of(provider) for _ in range(MANY)))
            return [summed(events)["text"] for events in streams]

        assert self.scene(self.says_in_pieces(Script(text="ok")), act) == ["ok"] * MANY

    def test_a_provider_serves_several_loops(self) -> None:
        """A provider that is used on another event loop works there and is closed there."""

        async def act(provider: Provider, _: Server) -> str:
            here = await provider.complete("m", HELLO, context())
            elsewhere = await asyncio.to_thread(asyncio.run, provider.complete("m", HELLO, context()))
            return here.text + elsewhere.text

        assert self.scene(self.says(Script(text="ok")), act) == "okok"
