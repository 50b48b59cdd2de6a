"""What a model's vendor does in place of answering."""

from typing import ClassVar

import attrs

from reenact.errors.base import ReenactError


@attrs.define
class ProviderError(ReenactError):
    """A model's vendor did not answer as hoped.

    Attributes:
        message: The vendor's words, or what went wrong on the way. Never a key, never a prompt.
        status: The HTTP status, if there was one.
        request_id: The vendor's name for the call, if it gave one.
        retry_after_s: How long the vendor asked to wait, in seconds.
        retryable: Whether the same request may succeed later.
    """

    retryable_by_kind: ClassVar[bool] = False

    provider: str
    message: str
    status: int | None = None
    request_id: str | None = None
    retry_after_s: float | None = None
    retryable: bool = attrs.field(default=attrs.Factory(lambda self: self.retryable_by_kind, takes_self=True))

    def __str__(self) -> str:
        status = f" (HTTP {self.status})" if self.status else ""
        return f"{self.provider}: {self.message}{status}"


class AuthenticationError(ProviderError):
    """The key is missing, wrong or expired."""


class ForbiddenError(ProviderError):
    """The key is good and may not do this."""


class ModelNotFoundError(ProviderError):
    """The vendor has no such model."""


class BadRequestError(ProviderError):
    """The vendor refuses the request as it is."""


class ContextTooLongError(BadRequestError):
    """The request has more tokens than the model takes."""


class ContentFilterError(ProviderError):
    """The vendor's filter refused the prompt or the answer."""


class QuotaError(ProviderError):
    """The account's quota or credit is used up; waiting does not help."""


class RateLimitedError(ProviderError):
    """Too many requests or tokens in a window."""

    retryable_by_kind = True


class OverloadedError(ProviderError):
    """The vendor has no capacity at the moment."""

    retryable_by_kind = True


class ServerError(ProviderError):
    """The vendor's server failed."""

    retryable_by_kind = True


class ProviderTimeoutError(ProviderError):
    """No answer within a limit of time; the message says which."""

    retryable_by_kind = True


class ConnectionLostError(ProviderError):
    """The connection could not be made, or broke."""

    retryable_by_kind = True


class MalformedAnswerError(ProviderError):
    """The answer is not what the vendor's format says."""

    retryable_by_kind = True
