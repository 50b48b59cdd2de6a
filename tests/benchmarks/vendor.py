"""A server that answers as a vendor would, as fast as it can, in a process of its own.

.. code-block:: console

    python vendor.py openai     # prints its port
"""

import asyncio
import sys

from pytest_reenact.conformance.script import Double, Script

TEXT = "The parcel is on its way to you. " * 30
PIECES = 30


def double_of(vendor: str) -> Double:
    """Return the double of a vendor, which spells its answers."""
    from importlib import import_module

    (offer,) = import_module(f"reenact_{vendor}").reenact_providers()
    doubles = import_module(f"pytest_reenact.conformance.vendors.{vendor}")
    made: Double = getattr(doubles, f"{vendor.capitalize()}Double")(offer)
    return made


def replies(vendor: str) -> tuple[bytes, bytes]:
    """Return an answer in one piece and one as a stream, each with its head."""
    import json

    double = double_of(vendor)
    whole = json.dumps(double.whole(Script(text=TEXT))).encode()
    stream = b"".join(double.stream(Script(text=TEXT)))
    kind = "text/event-stream" if double.framing == "sse" else "application/x-ndjson"
    return _headed("application/json", whole), _headed(kind, stream)


def _headed(kind: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


class Answering(asyncio.Protocol):
    """Answers every request of a connection, by what it asks for.

    Args:
        whole: The answer in one piece.
        stream: The answer as a stream.
    """

    def __init__(self, whole: bytes, stream: bytes) -> None:
        self._whole, self._stream = whole, stream
        self._data = b""
        self._transport: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Take bytes; answer once a request is whole."""
        self._data += data
        head, found, body = self._data.partition(b"\r\n\r\n")
        if not found or len(body) < _length(head):
            return
        streams = b"text/event-stream" in head or b"application/x-ndjson" in head
        self._data = b""
        self._transport.write(self._stream if streams else self._whole)  # type: ignore[union-attr]


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


async def main(vendor: str) -> None:
    """Serve until the process is ended."""
    whole, stream = replies(vendor)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Answering(whole, stream), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
