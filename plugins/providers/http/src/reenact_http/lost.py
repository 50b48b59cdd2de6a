"""What can go wrong on the way, in the kernel's words.

An exception of httpx holds the request, and the request holds the key. So none is kept as
a cause: its kind is looked at, its text is not repeated, and ours is raised after its
handler has been left.
"""

import ssl
from collections.abc import Iterator

import httpx
from reenact.errors import (
    BadRequestError,
    ConnectionLostError,
    MalformedAnswerError,
    ProviderError,
    ProviderTimeoutError,
)

from reenact_http.options import Limits

ON_THE_WAY = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, EOFError, ValueError)
"""What httpx and what is below it may raise; `TimeoutError` is an `OSError`."""

_CUT = ("peer closed", "Server disconnected")


def lost(provider: str, error: Exception, limits: Limits) -> ProviderError:
    """Return what *error*, one of `ON_THE_WAY`, means to the caller."""
    if isinstance(error, httpx.TimeoutException):
        return ProviderTimeoutError(provider, _which_limit(error, limits))
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in _causes(error)):
        problem = "the server's certificate is not trusted; name the one that signed it with ca_file"
        return ConnectionLostError(provider, problem, retryable=False)
    if isinstance(error, httpx.ConnectError | httpx.ProxyError):
        return ConnectionLostError(provider, "no connection could be made")
    if isinstance(error, httpx.RemoteProtocolError) and not str(error).startswith(_CUT):
        return MalformedAnswerError(provider, "the answer is not HTTP")
    if isinstance(
        error, httpx.LocalProtocolError | httpx.UnsupportedProtocol | httpx.InvalidURL | ValueError
    ):
        return BadRequestError(provider, "the request cannot be spelled in HTTP")
    return ConnectionLostError(provider, "the connection broke")


def _which_limit(error: httpx.TimeoutException, limits: Limits) -> str:
    if isinstance(error, httpx.ConnectTimeout):
        return f"no connection within {limits.connect_s:g} s (limits.connect_s)"
    if isinstance(error, httpx.WriteTimeout):
        return f"the server took no more of the request for {limits.first_byte_s:g} s (limits.first_byte_s)"
    return f"nothing came for {limits.first_byte_s:g} s (limits.first_byte_s)"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
