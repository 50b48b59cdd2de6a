"""A provider out of a dialect: the dialect knows the vendor's words, this knows how a call goes.

A dialect is pure: a request in, JSON out; bytes in, parts of an answer out. It waits for
nothing and opens nothing. So everything that waits, fails, is cut or has to be closed is
here, once for all vendors.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import date
from functools import cache, partial
from typing import Any, Literal, Protocol, TypeVar, runtime_checkable

import attrs
import httpx
import msgspec
from reenact.codec import Json, canonical, decode, plain
from reenact.errors import BadRequestError, ConnectionLostError, MalformedAnswerError, NotStorableError
from reenact.llm import LlmEvent, LlmRequest, LlmResponse
from reenact.prices import Price, PriceList, read_prices
from reenact.seams import CallContext, Capabilities

from reenact_http.answer import Assembly
from reenact_http.client import Outgoing, Wire
from reenact_http.keys import KeyAuth, Vendor, home_of, key_of, same_origin
from reenact_http.lines import Frame, Framing, NdjsonFraming, SseFraming
from reenact_http.options import HttpOptions
from reenact_http.redact import texts_of
from reenact_http.shape import UnreadableError
from reenact_http.spell import UnsendableError
from reenact_http.whole import WholeFraming, WholeReader

T = TypeVar("T")


@attrs.frozen
class Call:
    """One call, as a dialect sees it.

    Attributes:
        model: The vendor's name of the model.
        request: What is asked.
        stream: Whether the answer is to come in pieces.
    """

    model: str
    request: LlmRequest
    stream: bool


class VendorError(Exception):
    """An answer with status 200 holds an error.

    Args:
        body: The JSON that holds it.
    """

    def __init__(self, body: bytes) -> None:
        super().__init__("the answer holds an error")
        self.body = body


class Reader(Protocol):
    """Reads one answer. Nothing it raises quotes the answer.

    Attributes:
        ended: Whether the vendor's end marker has come, after which nothing else does.
    """

    ended: bool

    def whole(self, data: bytes) -> Assembly:
        """Return what an answer that came whole says.

        Raises:
            VendorError: If it holds an error.
            UnreadableError: If it is not in the vendor's format.
        """

    def event(self, frame: Frame) -> Iterable[LlmEvent]:
        """Return what one message of a stream adds. Raises as `whole` does."""

    def end(self) -> Assembly | None:
        """Return what the stream said; None if it was cut off before its end."""


class Dialect(Protocol):
    """A vendor's words for requests and answers."""

    @property
    def framing(self) -> Literal["sse", "ndjson"]:
        """How its streams are cut into messages."""

    def path(self, call: Call, /) -> str:
        """Return the endpoint, after the base address."""

    def body(self, call: Call) -> dict[str, Any]:
        """Return the request.

        Raises:
            UnsendableError: If the format has no place for something in it.
        """

    def reader(self, call: Call) -> Reader:
        """Return what reads the answer."""


@runtime_checkable
class CountingDialect(Protocol):
    """A vendor's words for counting tokens. A part of `Dialect` that may be left out."""

    def count_path(self, call: Call) -> str:
        """Return the endpoint, after the base address."""

    def count_body(self, call: Call) -> dict[str, Any]:
        """Return the request. Raises as `Dialect.body` does."""

    def counted(self, data: bytes) -> int:
        """Return the number that an answer says.

        Raises:
            UnreadableError: If it says none.
        """


_FRAMINGS: Mapping[str, tuple[type[Framing], str]] = {
    "sse": (SseFraming, "text/event-stream"),
    "ndjson": (NdjsonFraming, "application/x-ndjson"),
}


class HttpProvider:
    """A vendor's models, asked over HTTP. Fills the seam `reenact.seams.Provider`.

    Args:
        vendor: What is particular to the vendor.
        capabilities: What it can do.
        dialect: Its words.
        wire: The way to it.
        keep_raw: Whether answers keep what the vendor sent.
        prices: Returns what the vendor's models cost.

    Attributes:
        address: Where the endpoints begin.
        key_env: The environment variable that the key is in; empty if none is sent.
    """

    def __init__(
        self,
        vendor: Vendor,
        capabilities: Capabilities,
        dialect: Dialect,
        wire: Wire,
        *,
        keep_raw: bool,
        prices: Callable[[], PriceList] = PriceList,
    ) -> None:
        self.name = vendor.name
        self.capabilities = capabilities
        self.address, self.key_env = wire.address, wire.key_env
        self._prices = prices
        self._vendor = vendor
        self._dialect = dialect
        self._wire = wire
        self._keep_raw = keep_raw

    async def complete(self, model: str, request: LlmRequest, context: CallContext) -> LlmResponse:
        """Return the whole answer of *model* to *request*."""
        call = Call(model, request, stream=False)
        outgoing = self._outgoing(call, context)
        answer = await self._wire.ask(outgoing)
        read = self._read(lambda: self._dialect.reader(call).whole(answer.data), answer.headers, outgoing)
        raw = _kept(answer.data) if self._keep_raw else None
        return read.response(
            asked=model, provider=self.name, request_id=self._request_id(answer.headers), raw=raw
        )

    async def stream(
        self, model: str, request: LlmRequest, context: CallContext
    ) -> AsyncGenerator[LlmEvent, None]:
        """Yield the answer piece by piece; the last event is ``end`` and has the whole response."""
        call = Call(model, request, stream=True)
        outgoing = self._outgoing(call, context)
        raw: list[Any] = []
        async with self._wire.open(outgoing, _FRAMINGS[self._dialect.framing][1]) as incoming:
            cutter, reader = self._cut(incoming.headers, self._dialect.reader(call))
            while not reader.ended:
                piece = await incoming.piece()
                for frame in cutter.feed(piece) if piece else cutter.end():
                    for event in self._read(partial(_events, reader, frame), incoming.headers, outgoing):
                        yield event
                    if self._keep_raw:
                        raw.append(_kept(frame.data))
                if not piece:
                    break
            else:
                await incoming.drain()
            read = self._read(reader.end, incoming.headers, outgoing)
        if read is None:
            raise ConnectionLostError(self.name, "the answer stopped before its end")
        response = read.response(
            asked=model,
            provider=self.name,
            request_id=self._request_id(incoming.headers),
            raw=raw or None,
        )
        yield LlmEvent(type="end", response=response)

    def price_of(self, model: str, on: date) -> Price | None:
        """Return what *model* costs on a day; None if that is not known."""
        return self._prices().find(model, on)

    def _outgoing(self, call: Call, context: CallContext) -> Outgoing:
        return self._spelled(call, context, self._dialect.path, self._dialect.body)

    def _spelled(
        self,
        call: Call,
        context: CallContext,
        path: Callable[[Call], str],
        body_of: Callable[[Call], dict[str, Any]],
    ) -> Outgoing:
        try:
            body = canonical(plain(body_of(call)))
        except UnsendableError as error:
            problem = str(error)
        except (NotStorableError, RecursionError):
            problem = "the request holds what JSON cannot spell"
        else:
            return Outgoing(path(call), body, context, lambda: list(texts_of(call.request)))
        raise BadRequestError(self.name, problem)

    def _read(self, read: Callable[[], T], headers: Mapping[str, str], outgoing: Outgoing) -> T:
        try:
            return read()
        except VendorError as error:
            failed = self._wire.complaint(None, headers, error.body, outgoing)
        except UnreadableError as error:
            failed = MalformedAnswerError(self.name, f"the answer is not in the vendor's format: {error}")
        raise failed

    def _cut(self, headers: Mapping[str, str], reader: Reader) -> tuple[Framing, Reader]:
        """Return what cuts an answer into messages and reads them: by the kind that it says it is."""
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == "text/html":
            raise MalformedAnswerError(self.name, "the answer is a web page")
        if kind == "application/json" and self._dialect.framing == "sse":
            return WholeFraming(), WholeReader(reader)
        return _FRAMINGS[self._dialect.framing][0](), reader

    def _request_id(self, headers: Mapping[str, str]) -> str:
        return headers.get(self._vendor.request_id_header, "")


def _events(reader: Reader, frame: Frame) -> list[LlmEvent]:
    """Return what one message of a stream adds; nothing once the end marker has come."""
    return [] if reader.ended else list(reader.event(frame))


def _kept(data: bytes) -> Json:
    """Return what the vendor sent as a journal can keep it: its value, or its text."""
    try:
        return plain(decode(data))
    except (msgspec.MsgspecError, ValueError, NotStorableError, RecursionError):
        return data.decode(errors="replace")


class CountingHttpProvider(HttpProvider):
    """A provider whose vendor counts tokens. Fills the seam `reenact.seams.Counting`, too.

    Args:
        counting: The vendor's words for it.
        rest: As `HttpProvider` takes it.
    """

    def __init__(self, counting: CountingDialect, *rest: Any, **named: Any) -> None:
        super().__init__(*rest, **named)
        self._counting = counting

    async def count_tokens(self, model: str, request: LlmRequest, context: CallContext) -> int:
        """Return how many tokens *model* would read for *request*, as the vendor counts them."""
        call = Call(model, request, stream=False)
        outgoing = self._spelled(call, context, self._counting.count_path, self._counting.count_body)
        answer = await self._wire.ask(outgoing)
        return self._read(lambda: self._counting.counted(answer.data), answer.headers, outgoing)


@cache
def shipped(package: str) -> PriceList:
    """Return the prices that a package ships, read once; none if no package is named."""
    return read_prices(package) if package else PriceList()


@asynccontextmanager
async def open_provider(
    vendor: Vendor,
    options: HttpOptions,
    dialect: Dialect,
    capabilities: Capabilities,
    headers: Mapping[str, str] | None = None,
    *,
    prices: str = "",
) -> AsyncIterator[HttpProvider]:
    """Yield a provider, and close its connections at the end. Nothing is connected before the first call.

    Args:
        vendor: What is particular to the vendor.
        options: What the configuration says.
        dialect: The vendor's words.
        capabilities: What it can do.
        headers: Sent with every request.
        prices: The package that ships the vendor's ``prices.toml``; they hold for the vendor's own host only.

    Raises:
        ConfigError: If the configuration would send a key unprotected.
    """
    vendor = attrs.evolve(vendor, name=options.name or vendor.name)
    home = home_of(vendor, options)
    auth = KeyAuth(vendor, key_of(vendor, options, home), home)
    wire = Wire(vendor, options, home, auth, headers or {})
    own = prices if prices and same_origin(home, httpx.URL(vendor.base_url)) else ""
    parts = (vendor, capabilities, dialect, wire)
    costs = partial(shipped, own)
    try:
        if isinstance(dialect, CountingDialect):
            yield CountingHttpProvider(dialect, *parts, keep_raw=options.keep_raw, prices=costs)
        else:
            yield HttpProvider(*parts, keep_raw=options.keep_raw, prices=costs)
    finally:
        await wire.aclose()
