"""Requests to one vendor: bounded in time and size, and closed in order.

The limits: httpx keeps the one for connecting and the one for the first byte, per read. What
it has no limit for is kept here: the silence within an answer and the whole call, for a
server that sends a byte a minute never lets a read time out.

HTTP/1.1 only. Over HTTP/2, httpcore 1.0.9 does not reset the stream of a call that was cancelled
(seen with h2 4.4.1 on 2026-11-23): the vendor would go on writing, and charging.

A client belongs to the event loop it was first used on. A provider may be called from
several, so there is one for each, made when it is needed.
"""

import asyncio
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from http.cookiejar import DefaultCookiePolicy
from typing import TypeVar, cast

import attrs
import httpx
from reenact.errors import ConnectionLostError, MalformedAnswerError, ProviderError, ProviderTimeoutError
from reenact.seams import CallContext

from reenact_http.failures import failure
from reenact_http.inflate import BrokenEncodingError, Inflater, TooLargeError
from reenact_http.keys import KeyAuth, Vendor
from reenact_http.lost import ON_THE_WAY, lost
from reenact_http.options import HttpOptions, Limits

T = TypeVar("T")

ERROR_BYTES = 256 * 1024
"""How much of an error's body is read."""

DRAIN_S = 0.05
"""How long the end of a body is waited for after the answer's own end, to keep the connection."""

KEPT_CONNECTIONS = 20
"""How many unused connections are kept. httpcore looks at each of them for every request: with 100, a call
takes twice as long."""

_OK = 200


class Clients:
    """An httpx client for each event loop.

    Args:
        make: Makes one.
    """

    def __init__(self, make: Callable[[], httpx.AsyncClient]) -> None:
        self._make = make
        self._by_loop: dict[asyncio.AbstractEventLoop, AsyncGenerator[None, None]] = {}
        self._clients: dict[asyncio.AbstractEventLoop, httpx.AsyncClient] = {}
        self._closed = False

    async def here(self) -> httpx.AsyncClient | None:
        """Return the client of the running loop; None if all have been closed."""
        loop = asyncio.get_running_loop()
        client = self._clients.get(loop)
        if client is None and not self._closed:
            for ended in [known for known in self._clients if known.is_closed()]:
                del self._clients[ended], self._by_loop[ended]
            client = self._clients[loop] = self._make()
            # A generator that has been started is closed by the loop itself when it ends.
            keeper = self._by_loop[loop] = _kept(client)
            await anext(keeper)
        return client

    async def aclose(self) -> None:
        """Close them all, each on its own loop."""
        self._closed = True
        self._clients.clear()
        while self._by_loop:
            loop, keeper = self._by_loop.popitem()
            if loop is asyncio.get_running_loop():
                await keeper.aclose()
            elif loop.is_running():
                await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(keeper.aclose(), loop))


async def _kept(client: httpx.AsyncClient) -> AsyncGenerator[None, None]:
    try:
        yield
    finally:
        await client.aclose()


def client_maker(options: HttpOptions, home: httpx.URL) -> Callable[[], httpx.AsyncClient]:
    """Return what makes a client: no cookies, no redirects, nothing from the environment."""
    limits = options.limits
    pool = httpx.Limits(
        max_connections=limits.connections,
        max_keepalive_connections=KEPT_CONNECTIONS,
        keepalive_expiry=limits.keepalive_s,
    )
    timeout = httpx.Timeout(
        connect=limits.connect_s, read=limits.first_byte_s, write=limits.first_byte_s, pool=None
    )
    trust = _Trust(options.ca_file, encrypted=home.scheme == "https" or options.proxy.startswith("https:"))

    def make() -> httpx.AsyncClient:
        client = httpx.AsyncClient(
            verify=trust.context(),
            proxy=options.proxy or None,
            timeout=timeout,
            limits=pool,
            follow_redirects=False,
            trust_env=False,
            headers={"user-agent": "reenact", "accept-encoding": "gzip"},
        )
        client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        return client

    return make


class _Trust:
    """Certificates, read once and only if something is encrypted: reading them takes 20 ms."""

    def __init__(self, ca_file: str, *, encrypted: bool) -> None:
        self._ca_file = ca_file
        self._encrypted = encrypted
        self._context: ssl.SSLContext | None = None

    def context(self) -> ssl.SSLContext:
        if self._context is None:
            self._context = self._read() if self._encrypted else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        return self._context

    def _read(self) -> ssl.SSLContext:
        context = httpx.create_ssl_context(trust_env=False)
        if self._ca_file:
            context.load_verify_locations(self._ca_file)
        return context


@attrs.frozen
class Answer:
    """A whole answer.

    Attributes:
        data: Its content.
        headers: Its headers.
    """

    data: bytes
    headers: Mapping[str, str]


@attrs.frozen
class Outgoing:
    """A request, ready to leave.

    Attributes:
        path: The endpoint, after the base address.
        body: JSON.
        context: What it carries.
        texts: What no error may repeat; worked out only when there is one.
    """

    path: str
    body: bytes
    context: CallContext
    texts: Callable[[], list[str]]


class Incoming:
    """An answer that is still coming.

    Attributes:
        headers: Its headers.
    """

    def __init__(self, provider: str, response: httpx.Response, limits: Limits, clock: "Clock") -> None:
        self.headers: Mapping[str, str] = response.headers
        self._provider = provider
        self._limits = limits
        self._clock = clock
        self._raw = cast("AsyncGenerator[bytes, None]", response.aiter_raw())
        self._inflater = Inflater(response.headers.get("content-encoding", ""), limits.answer_bytes)

    async def piece(self) -> bytes:
        """Return the next piece of the content; nothing at the end.

        Raises:
            ProviderError: If it stops, stalls, grows too large or is not what its encoding says.
        """
        try:
            return await self._next()
        except TooLargeError:
            problem = f"the answer is larger than {self._limits.answer_bytes} bytes (limits.answer_bytes)"
        except BrokenEncodingError as error:
            problem = str(error)
        raise MalformedAnswerError(self._provider, problem)

    async def _next(self) -> bytes:
        while True:
            raw = await self._clock.watch(anext(self._raw, b""), self._limits.idle_s)
            if not raw:
                self._inflater.end()
                return b""
            if piece := self._inflater.feed(raw):
                return piece

    async def read(self) -> bytes:
        """Return all that is still to come."""
        pieces = []
        while piece := await self.piece():
            pieces.append(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def drain(self) -> None:
        """Wait a moment for the body's end, without which the connection could not be used again."""
        try:
            async with asyncio.timeout(DRAIN_S):
                await self.piece()
        except (TimeoutError, ProviderError):
            return

    async def aclose(self) -> None:
        """Read no more."""
        await self._raw.aclose()


class Clock:
    """The time that is left of one call.

    Args:
        provider: Who is named in errors.
        limits: The provider's limits.
        total_s: For the whole call, in seconds; the provider's own limit if None.
    """

    def __init__(self, provider: str, limits: Limits, total_s: float | None) -> None:
        self._provider = provider
        self._limits = limits
        self._total_s = limits.total_s if total_s is None else total_s
        self._now = asyncio.get_running_loop().time
        self._until = self._now() + self._total_s

    async def watch(self, waited_for: Awaitable[T], silence_s: float | None = None) -> T:
        """Return what *waited_for* gives, unless the call takes too long or nothing comes for *silence_s*.

        Raises:
            ProviderError: If it does, or if the connection fails.
        """
        until = self._until if silence_s is None else min(self._until, self._now() + silence_s)
        try:
            async with asyncio.timeout_at(until) as timer:
                return await waited_for
        except ON_THE_WAY as error:
            failed = lost(self._provider, error, self._limits)
        if timer.expired():
            failed = ProviderTimeoutError(self._provider, self._which_limit(until))
        raise failed

    def _which_limit(self, until: float) -> str:
        if until == self._until:
            return f"no complete answer within {self._total_s:g} s (limits.total_s, or the call's own limit)"
        return f"the answer paused for {self._limits.idle_s:g} s (limits.idle_s)"


class Wire:
    """The way to one vendor.

    Args:
        vendor: What is particular to it.
        options: What the configuration says.
        home: Where its endpoints begin.
        auth: What puts the key on.
        headers: Sent with every request.
    """

    def __init__(
        self, vendor: Vendor, options: HttpOptions, home: httpx.URL, auth: KeyAuth, headers: Mapping[str, str]
    ) -> None:
        self._vendor = vendor
        self._limits = options.limits
        self._idempotency_header = options.idempotency_header
        self._home = home
        self._auth = auth
        self._headers = {"content-type": "application/json", **headers}
        self._urls: dict[str, httpx.URL] = {}
        self._clients = Clients(client_maker(options, home))

    @property
    def address(self) -> str:
        """Where the endpoints begin."""
        return str(self._home)

    @property
    def key_env(self) -> str:
        """The environment variable that the key is in; empty if none is sent."""
        return self._auth.env

    async def ask(self, outgoing: Outgoing) -> Answer:
        """Return the whole answer to a request.

        Raises:
            ProviderError: If there is none, or it stands for an error.
        """
        async with self.open(outgoing, "application/json") as incoming:
            return Answer(await incoming.read(), incoming.headers)

    @asynccontextmanager
    async def open(self, outgoing: Outgoing, accept: str) -> AsyncIterator[Incoming]:
        """Send a request, yield its answer as it comes, and close it.

        Raises:
            ProviderError: If there is none, or it stands for an error.
        """
        clock = Clock(self._vendor.name, self._limits, outgoing.context.timeout_s)
        response = await self._send(outgoing, accept, clock)
        try:
            if response.status_code != _OK:
                raise await self._failure(response, outgoing, clock)
            incoming = self._incoming(response, self._limits, clock)
            try:
                yield incoming
            finally:
                await incoming.aclose()
        finally:
            await response.aclose()

    def _incoming(self, response: httpx.Response, limits: Limits, clock: Clock) -> Incoming:
        try:
            return Incoming(self._vendor.name, response, limits, clock)
        except BrokenEncodingError as error:
            problem = str(error)
        raise MalformedAnswerError(self._vendor.name, problem)

    async def _send(self, outgoing: Outgoing, accept: str, clock: Clock) -> httpx.Response:
        client = await self._clients.here()
        if client is None:
            raise ConnectionLostError(self._vendor.name, "the provider has been closed", retryable=False)
        return await clock.watch(self._sent(client, outgoing, accept))

    async def _sent(self, client: httpx.AsyncClient, outgoing: Outgoing, accept: str) -> httpx.Response:
        headers = {**self._headers, "accept": accept, "traceparent": outgoing.context.trace.traceparent}
        if self._idempotency_header:
            headers[self._idempotency_header] = outgoing.context.idempotency_key
        request = client.build_request(
            "POST", self._url(outgoing.path), content=outgoing.body, headers=headers
        )
        return await client.send(request, auth=self._auth, stream=True)

    def _url(self, path: str) -> httpx.URL:
        """Return the address of an endpoint; they are few, and parsing one takes a while."""
        url = self._urls.get(path)
        if url is None:
            url = self._urls[path] = httpx.URL(f"{self._home}{path}")
        return url

    async def _failure(self, response: httpx.Response, outgoing: Outgoing, clock: Clock) -> ProviderError:
        small = attrs.evolve(self._limits, answer_bytes=ERROR_BYTES)
        try:
            body = await self._incoming(response, small, clock).read()
        except ProviderError:  # the status says enough
            body = b""
        return self.complaint(response.status_code, response.headers, body, outgoing)

    def complaint(
        self, status: int | None, headers: Mapping[str, str], body: bytes, outgoing: Outgoing
    ) -> ProviderError:
        """Return the error that *body* stands for, without key and prompt."""
        return failure(
            self._vendor.name,
            status,
            headers,
            body,
            most_wait_s=self._limits.retry_after_s,
            texts=[*self._auth.secrets(), *outgoing.texts()],
            request_id=headers.get(self._vendor.request_id_header),
        )

    async def aclose(self) -> None:
        """Close all connections."""
        await self._clients.aclose()
