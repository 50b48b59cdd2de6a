"""No network in tests: connections that leave this machine are refused, and named.

What is replaced are methods of Python's sockets, for as long as a test needs it. The
loopback and Unix sockets stay open, for servers that a test starts itself.
"""

import contextlib
import ipaddress
import socket
from collections.abc import Iterator
from typing import Any
from unittest import mock


class NetworkRefusedError(RuntimeError):
    """A test that may not reach the network tried to.

    It is no `OSError`, so that nobody takes it for a network that happens to be down.
    """


@contextlib.contextmanager
def refused() -> Iterator[None]:
    """Refuse connections and look-ups that leave this machine."""
    with contextlib.ExitStack() as stack:
        for name in ("connect", "connect_ex"):
            stack.enter_context(mock.patch.object(socket.socket, name, _guarded(name)))
        stack.enter_context(mock.patch.object(socket, "getaddrinfo", _looked_up(socket.getaddrinfo)))
        yield


def _guarded(name: str) -> Any:
    real = getattr(socket.socket, name)

    def connect(self: socket.socket, address: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_here(address[0]):
            raise NetworkRefusedError(_refusal(f"{address[0]}:{address[1]}"))
        return real(self, address)

    return connect


def _looked_up(real: Any) -> Any:
    def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        if not _is_here(host):
            raise NetworkRefusedError(_refusal(host))
        return real(host, *args, **kwargs)

    return getaddrinfo


def _is_here(host: Any) -> bool:
    """Say whether *host* is this machine; names are not looked up to find out."""
    text = host.decode("ascii", "replace") if isinstance(host, bytes) else host
    if text in (None, "", "localhost") or text.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _refusal(where: object) -> str:
    return (
        f"this test may not reach the network, and tried {where!r}; script the answer with mock_llm, "
        f"stand in for the step, or allow it with @pytest.mark.reenact(network=True)"
    )
