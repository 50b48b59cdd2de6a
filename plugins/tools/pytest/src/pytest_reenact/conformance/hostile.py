# a suite is made of assertions about numbers it chose itself
"""Servers that stall, flood and lie: bounded in time and size, and always one kind of error."""

import asyncio
import gzip
import json
import socket
import time
import zlib
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reenact.errors import ConnectionLostError, MalformedAnswerError, ProviderError, ProviderTimeoutError
from reenact.llm import LlmEvent, LlmResponse
from reenact.seams import Provider

from pytest_reenact.conformance.play import HELLO, Play, context, events_of
from pytest_reenact.conformance.script import Script
from pytest_reenact.conformance.server import Reply, Server

SOON_S = 0.05
AT_ONCE_S = 3.0
"""What counts as at once on a busy machine, in seconds."""

SMALL = 100_000
SPARE = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.differing_executors, HealthCheck.function_scoped_fixture],
)

WORDS = (
    *("choices", "message", "content", "type", "text", "delta", "candidates", "parts"),
    *("usage", "error", "done", "finish_reason"),
)
ATOMS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
OTHERS: list[Any] = [None, 0, -1, 2.5, 1e300, True, "", "x", [], [None], [[]], {}, {"type": "text"}]
ANYTHING = st.recursive(
    ATOMS, lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(WORDS), inner), max_leaves=12
)
"""Any JSON, with words in it that mean something to some vendor."""


class Stalling(Play):
    """A server that is slow or never ends costs what the limits allow."""

    def _timed(self, reply: Reply, *, stream: bool, **limits: Any) -> ProviderError:
        begin = time.monotonic()
        error = self.fails(reply, stream=stream, limits=limits)
        assert time.monotonic() - begin < AT_ONCE_S
        return error

    @pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
    def test_no_first_byte(self, stream: bool) -> None:
        """A server that takes the request and says nothing is given up."""
        error = self._timed(Reply(silent=True), stream=stream, first_byte_s=SOON_S)

        assert isinstance(error, ProviderTimeoutError)
        assert "first_byte_s" in str(error)

    @pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
    def test_silence_within_an_answer(self, stream: bool) -> None:
        """An answer that pauses for too long is given up."""
        pieces = self.double.stream(Script(text="Once upon a time"))[:1]

        error = self._timed(self.streams(pieces, then="hang"), stream=stream, idle_s=SOON_S)

        assert isinstance(error, ProviderTimeoutError)
        assert "idle_s" in str(error)

    @pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
    def test_an_answer_that_never_ends(self, stream: bool) -> None:
        """A server that goes on for ever is given up after the time for the whole call."""
        error = self._timed(self.streams([b" "], endless=True), stream=stream, total_s=4 * SOON_S)

        assert isinstance(error, ProviderTimeoutError)
        assert "total_s" in str(error)

    def test_the_calls_own_time(self) -> None:
        """A call that says how long it may take is believed before the provider's limits."""

        async def act(provider: Provider, _: Server) -> None:
            with pytest.raises(ProviderTimeoutError):
                await provider.complete("m", HELLO, context(timeout_s=SOON_S))

        self.scene(Reply(silent=True), act)

    @pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
    def test_a_flood(self, stream: bool) -> None:
        """An answer that grows too large is given up."""
        error = self._timed(self.streams([b"x" * 5000], endless=True), stream=stream, answer_bytes=SMALL)

        assert isinstance(error, MalformedAnswerError)
        assert "answer_bytes" in str(error)

    def test_waiting_for_a_connection_counts(self) -> None:
        """A call that waits for one of too few connections is given up with the time for the whole call."""

        async def act(provider: Provider, _: Server) -> list[Any]:
            calls = [provider.complete("m", HELLO, context(timeout_s=2 * SOON_S)) for _ in range(3)]
            return list(await asyncio.gather(*calls, return_exceptions=True))

        results = self.scene(Reply(silent=True), act, limits={"connections": 1})

        assert all(isinstance(result, ProviderTimeoutError) for result in results)


class Lying(Play):
    """A server that does not keep to HTTP, or to what it says of its answer."""

    def test_nobody_listens(self) -> None:
        """A connection that cannot be made is an error to try again."""
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            port = unused.getsockname()[1]
        table = self.double.table(f"http://127.0.0.1:{port}")

        error = self.fails(self.says(Script(text="ok")), base_url=table["base_url"])

        assert isinstance(error, ConnectionLostError)
        assert error.retryable

    @pytest.mark.parametrize(
        "raw",
        [
            b"",
            b"\r\n\r\n",
            b"SSH-2.0-OpenSSH_9.9\r\n",
            b"HTTP/1.1 200",
            b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{",
            b"HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n{}",
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
            b"HTTP/1.1 200 OK\r\nx: " + b"y" * 200_000 + b"\r\n\r\n{}",
            b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 50_000 + b"\r\n{}",
            b"\x00" * 1000,
        ],
        ids=["nothing", "blank", "ssh", "half", "short", "length", "chunk", "header", "headers", "nul"],
    )
    def test_what_is_not_http(self, raw: bytes) -> None:
        """An answer that is not HTTP is an error to try again."""
        error = self.fails(Reply(raw=raw))

        assert isinstance(error, ConnectionLostError | MalformedAnswerError)
        assert error.retryable

    def test_gzip(self) -> None:
        """A compressed answer is read, whole and in pieces, however it is cut."""
        script = Script(text="Once upon a time")
        data = gzip.compress(b"".join(self.double.stream(script)))
        zipped = {"content-encoding": "gzip"}
        whole = self.says(script)

        response = self.complete(_with(whole, zipped, [gzip.compress(whole.pieces[0])]))
        events = self.stream(
            _with(self.streams([]), zipped, [data[i : i + 3] for i in range(0, len(data), 3)])
        )

        assert events[-1].response is not None
        assert response.text == events[-1].response.text == "Once upon a time"

    def test_a_bomb(self) -> None:
        """A few bytes that unpack to many are given up before they are unpacked."""
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        bomb = b"".join(packer.compress(b" " * 2**20) for _ in range(64)) + packer.flush()

        error = self.fails(
            _with(self.says(Script()), {"content-encoding": "gzip"}, [bomb]), limits={"answer_bytes": SMALL}
        )

        assert isinstance(error, MalformedAnswerError)

    @pytest.mark.parametrize("encoding", ["gzip", "br", "zstd", "deflate", "gzip, gzip", "x\x7f"])
    @pytest.mark.parametrize("status", [200, 500])
    def test_encodings_that_are_not_what_they_say(self, encoding: str, status: int) -> None:
        """An encoding that was not asked for, or that the bytes are not in, is an error to try again."""
        reply = attrs.evolve(
            _with(self.says(Script(text="ok")), {"content-encoding": encoding}), status=status
        )

        error = self.fails(reply)

        assert error.retryable

    def test_gzip_that_is_cut(self) -> None:
        """Compressed content that stops early is no answer, though the connection closes properly."""
        whole = self.says(Script(text="Once upon a time"))
        cut = gzip.compress(whole.pieces[0])[:-9]

        error = self.fails(_with(whole, {"content-encoding": "gzip"}, [cut]))

        assert isinstance(error, MalformedAnswerError)


class Babbling(Play):
    """Whatever stands in an answer, the call ends in a response or in one kind of error."""

    def _ends(self, reply: Reply) -> None:
        async def act(provider: Provider, _: Server) -> None:
            try:
                response = await provider.complete("m", HELLO, context())
            except ProviderError:
                pass
            else:
                assert isinstance(response, LlmResponse)
            seen: list[LlmEvent] = []
            try:
                await events_of(provider, HELLO, seen)
            except ProviderError:
                assert all(event.type != "end" for event in seen)
            else:
                assert seen[-1].type == "end"

        self.scene(reply, act)

    @SPARE
    @given(body=st.binary(max_size=400))
    def test_random_bytes(self, body: bytes) -> None:
        """Random bytes are an error of the provider's kind."""
        self._ends(self.streams([body]))

    @SPARE
    @given(at=st.integers(min_value=0, max_value=2000), stream=st.booleans())
    def test_truncated_answers(self, at: int, stream: bool) -> None:
        """An answer that was cut anywhere is an error of the provider's kind."""
        script = Script(text="Once", calls=())
        data = b"".join(self.double.stream(script)) if stream else self.says(script).pieces[0]
        self._ends(self.streams([data[: at % len(data)]]))

    @SPARE
    @given(data=st.data())
    def test_answers_with_something_else_in_a_place(self, data: st.DataObject) -> None:
        """An answer with something else in any place is a response or an error of the provider's kind."""
        whole = self.double.whole(
            Script(text="Once", reasoning="x" if "reasoning" in self.double.has else "")
        )
        places = list(_places(whole))
        place = data.draw(st.sampled_from(places))
        other = data.draw(st.sampled_from(OTHERS))

        changed = json.dumps(_put(whole, place, other)).encode()

        self._ends(self.streams([self._framed(changed)]))

    @SPARE
    @given(value=ANYTHING)
    def test_random_json(self, value: Any) -> None:
        """Random JSON is a response or an error of the provider's kind."""
        self._ends(self.streams([self._framed(json.dumps(value).encode())]))

    def test_json_that_is_nested_too_deep(self) -> None:
        """A pit of brackets is an error of the provider's kind."""
        self._ends(self.streams([self._framed(b'{"a":' * 200_000)]))

    def _framed(self, data: bytes) -> bytes:
        return b"data: " + data + b"\n\n" if self.double.framing == "sse" and len(data) % 2 else data


def _with(reply: Reply, headers: dict[str, str], pieces: list[bytes] | None = None) -> Reply:
    return attrs.evolve(
        reply, headers={**reply.headers, **headers}, pieces=reply.pieces if pieces is None else tuple(pieces)
    )


def _places(value: Any, at: tuple[Any, ...] = ()) -> Any:
    yield at
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _places(item, (*at, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _places(item, (*at, index))


def _put(value: Any, at: tuple[Any, ...], other: Any) -> Any:
    if not at:
        return other
    if isinstance(value, dict):
        return {key: _put(item, at[1:], other) if key == at[0] else item for key, item in value.items()}
    return [_put(item, at[1:], other) if index == at[0] else item for index, item in enumerate(value)]
