"""What a run's loop refuses, because it cannot be repeated: sockets, processes, threads, signals.

The error names the user's line and says what to do in its place: whatever is not
deterministic belongs in a step.
"""

import asyncio
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

from reenact.callers import caller
from reenact.errors import NotDeterministicError

LoopT = TypeVar("LoopT", bound=type[asyncio.AbstractEventLoop])

REFUSED = {
    "a thread": ("run_in_executor", "set_default_executor", "call_soon_threadsafe"),
    "a name look-up": ("getaddrinfo", "getnameinfo"),
    "a socket": (
        *("create_connection", "create_server", "create_unix_connection", "create_unix_server", "sendfile"),
        *("start_tls", "create_datagram_endpoint", "connect_accepted_socket", "sock_recv", "sock_recv_into"),
        *("sock_recvfrom", "sock_recvfrom_into", "sock_sendall", "sock_sendto", "sock_connect"),
        *("sock_accept", "sock_sendfile", "add_reader", "remove_reader", "add_writer", "remove_writer"),
    ),
    "a pipe": ("connect_read_pipe", "connect_write_pipe"),
    "a subprocess": ("subprocess_shell", "subprocess_exec"),
    "a signal handler": ("add_signal_handler", "remove_signal_handler"),
    "running a loop": ("run_forever", "run_until_complete", "stop", "shutdown_default_executor"),
    "a task factory": ("set_task_factory", "set_exception_handler", "set_debug"),
}
"""The methods of a loop that raise, by what they are about."""


def refusing(loop: LoopT) -> LoopT:
    """Have a class of loops refuse what cannot be repeated; for use as a decorator."""
    for what, methods in REFUSED.items():
        for method in methods:
            setattr(loop, method, _refusal(method, what))
    return loop


def _refusal(method: str, what: str) -> Callable[..., NoReturn]:
    def refuse(*_: Any, **__: Any) -> NoReturn:
        raise NotDeterministicError(f"{what} ({method})", caller())

    return refuse
