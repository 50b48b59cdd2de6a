"""A local HTTP server that does as it is told, byte for byte.

Libraries for servers send only what is right. A provider has to be shown what is wrong
too: an answer cut in two, a byte a minute, a bomb. So this one writes its bytes itself.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, Literal

import attrs


@attrs.frozen
class Received:
    """A request, as it came.

    Attributes:
        method: Such as ``POST``.
        target: Path and query.
        headers: By name, in small letters.
        body: Its content.
    """

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The content, decoded."""
        return json.loads(self.body)


def _tuple(pieces: Iterable[bytes]) -> tuple[bytes, ...]:
    return tuple(pieces)


@attrs.frozen(kw_only=True)
class Reply:
    """What the server sends.

    Attributes:
        status: The HTTP status.
        headers: By name.
        pieces: The content, each piece a chunk of its own.
        then: How it ends: properly, by breaking the connection off, or by leaving it open and silent.
        silent: Send nothing at all, not even a status.
        endless: Repeat the last piece until the client goes away.
        raw: Send these bytes in place of everything else, then end.
    """

    status: int = 200
    headers: Mapping[str, str] = attrs.field(factory=dict)
    pieces: tuple[bytes, ...] = attrs.field(default=(), converter=_tuple)
    then: Literal["end", "break", "hang"] = "end"
    silent: bool = False
    endless: bool = False
    raw: bytes | None = None


class Server:
    """A server for one test.

    Attributes:
        url: Its address.
        received: What has come, in order.
        connections: How many connections have been made.
        asked: Set once anything has come.
        hung_up: Set whenever a client has closed a connection that was still being answered.
    """

    def __init__(self, reply: Callable[[Received], Reply]) -> None:
        self.url = ""
        self.received: list[Received] = []
        self.connections = 0
        self.asked = asyncio.Event()
        self.hung_up = asyncio.Event()
        self._reply = reply

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        self.connections += 1
        try:
            while request := await _read(reader):
                self.received.append(request)
                self.asked.set()
                if not await self._answer(self._reply(request), reader, writer):
                    break
        except (OSError, asyncio.IncompleteReadError):
            return  # the client has gone
        finally:
            writer.close()
            with suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _answer(self, reply: Reply, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Send *reply*; say whether the connection can be used again."""
        gone = asyncio.ensure_future(reader.read(1))
        try:
            if reply.silent:
                await gone
            elif reply.raw is not None:
                writer.write(reply.raw)
                await writer.drain()
                return False
            else:
                await _send(reply, writer, gone)
            if reply.then == "hang":
                await gone
            if gone.done():
                self.hung_up.set()
                return False
        except OSError:
            self.hung_up.set()
            return False
        finally:
            gone.cancel()
            with suppress(asyncio.CancelledError, OSError):
                await gone
        return reply.then == "end"


async def _send(reply: Reply, writer: asyncio.StreamWriter, gone: "asyncio.Future[bytes]") -> None:
    head = [f"HTTP/1.1 {reply.status} Some", "Transfer-Encoding: chunked"]
    head += [f"{name}: {value}" for name, value in reply.headers.items()]
    writer.write("\r\n".join([*head, "", ""]).encode("latin-1"))
    for piece in reply.pieces:
        writer.write(_chunk(piece))
    await writer.drain()
    while reply.endless and not gone.done():
        writer.write(_chunk(reply.pieces[-1]))
        await writer.drain()
        await asyncio.sleep(0)
    if reply.then == "end":
        writer.write(b"0\r\n\r\n")
    await writer.drain()


def _chunk(piece: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(piece), piece) if piece else b""


async def _read(reader: asyncio.StreamReader) -> Received | None:
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ")
    headers = {
        name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)
    }
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Received(method, target, headers, body)


@asynccontextmanager
async def serving(reply: Callable[[Received], Reply]) -> AsyncIterator[Server]:
    """Yield a server on a port of the loopback that nobody else uses; close it at the end."""
    server = Server(reply)
    tasks: set[asyncio.Task[None]] = set()

    writers: list[asyncio.StreamWriter] = []

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        task = asyncio.ensure_future(server.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    listening = await asyncio.start_server(connected, "127.0.0.1", 0, backlog=1024)
    server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        listening.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for writer in writers:
            writer.transport.abort()  # what it still wanted to send would keep it open beyond the loop
        await asyncio.sleep(0)


def in_turn(replies: Iterable[Reply]) -> Callable[[Received], Reply]:
    """Return what gives one reply after the other."""
    waiting = iter(replies)
    return lambda _: next(waiting)
