"""From a vendor's complaint to the kernel's tree of errors.

A complaint is a status, a body in one of a dozen shapes, and headers. A word that says
exactly what is wrong decides first (a quota that is used up comes as 429 like a rate limit
that is not), then the status, then a word that says it roughly. ``x-should-retry`` has the
last say about a retry.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs
from reenact.errors import (
    AuthenticationError,
    BadRequestError,
    ConnectionLostError,
    ContentFilterError,
    ContextTooLongError,
    ForbiddenError,
    MalformedAnswerError,
    ModelNotFoundError,
    OverloadedError,
    ProviderError,
    ProviderTimeoutError,
    QuotaError,
    RateLimitedError,
    ServerError,
)

from reenact_http.redact import clean
from reenact_http.waits import retry_after

EXACT: Mapping[str, type[ProviderError]] = {
    "insufficient_quota": QuotaError,
    "billing_hard_limit_reached": QuotaError,
    "billing_not_active": QuotaError,
    "billing_error": QuotaError,
    "enforced_spend_limit_reached": QuotaError,
    "context_length_exceeded": ContextTooLongError,
    "content_filter": ContentFilterError,
    "content_policy_violation": ContentFilterError,
    "responsibleaipolicyviolation": ContentFilterError,
    "invalid_api_key": AuthenticationError,
    "api_key_invalid": AuthenticationError,
    "model_not_found": ModelNotFoundError,
    "deploymentnotfound": ModelNotFoundError,
    "invalid_model": ModelNotFoundError,
}
"""Words that say exactly what is wrong, whatever the status."""

ROUGH: Mapping[str, type[ProviderError]] = {
    "authentication_error": AuthenticationError,
    "unauthenticated": AuthenticationError,
    "permission_error": ForbiddenError,
    "permission_denied": ForbiddenError,
    "not_found_error": ModelNotFoundError,
    "not_found": ModelNotFoundError,
    "rate_limit_error": RateLimitedError,
    "rate_limit_exceeded": RateLimitedError,
    "resource_exhausted": RateLimitedError,
    "overloaded_error": OverloadedError,
    "unavailable": OverloadedError,
    "slow_down": OverloadedError,
    "timeout_error": ProviderTimeoutError,
    "deadline_exceeded": ProviderTimeoutError,
    "invalid_request_error": BadRequestError,
    "invalid_argument": BadRequestError,
    "failed_precondition": BadRequestError,
    "request_too_large": BadRequestError,
}
"""Words that say what a status would say; for errors that come inside an answer with status 200."""

STATUSES: Mapping[int, type[ProviderError]] = {
    401: AuthenticationError,
    402: QuotaError,
    403: ForbiddenError,
    404: ModelNotFoundError,
    408: ProviderTimeoutError,
    409: ServerError,
    424: ServerError,
    429: RateLimitedError,
    498: ContentFilterError,
    499: ConnectionLostError,
    503: OverloadedError,
    504: ProviderTimeoutError,
    529: OverloadedError,
}

_NOT_IMPLEMENTED = frozenset({501, 505})
_TOO_LONG = re.compile(
    r"(?i)context (length|window|size)|maximum context|prompt is too long|too many (input )?tokens|"
    r"input token count|token limit exceeded|exceeds? the (available )?context|input length and .?max_tokens"
)
_STATUS_MIN, _STATUS_MAX = 300, 600
_DEEP = 6


@attrs.frozen(kw_only=True)
class Complaint:
    """What a vendor's error body says.

    Attributes:
        message: In the vendor's words; they may quote the request.
        words: Its codes, types and reasons, in small letters.
        wait: How long to wait, as a duration such as ``34s``.
    """

    message: str = ""
    words: tuple[str, ...] = ()
    wait: str | None = None


def complaint(body: bytes) -> Complaint:
    """Return what an error body says; nothing of a body that is no JSON, such as a gateway's page."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return Complaint()
    found = list(_walk(value, 0))
    messages = [text for key, text in found if key in {"message", "msg", "error", "detail"}]
    codes = [text.lower() for key, text in found if key in {"code", "type", "status", "reason", "error_code"}]
    waits = [text for key, text in found if key == "retryDelay"]
    return Complaint(message="; ".join(messages), words=tuple(codes), wait=waits[0] if waits else None)


def _walk(value: Any, depth: int) -> Iterator[tuple[str, str]]:
    """Yield the keys and texts of an error body, from the outside in."""
    if depth > _DEEP:
        return
    if isinstance(value, list):
        for item in value:
            yield from _walk(item, depth + 1)
    elif isinstance(value, dict):
        for key, item in value.items():
            if isinstance(item, str | int) and not isinstance(item, bool):
                yield key, str(item)
            elif key not in {"input", "ctx", "metadata"}:  # where validators repeat what they were sent
                yield from _walk(item, depth + 1)


def failure(
    provider: str,
    status: int | None,
    headers: Mapping[str, str],
    body: bytes,
    *,
    most_wait_s: float,
    texts: Iterable[str] = (),
    request_id: str | None = None,
) -> ProviderError:
    """Return the error that an answer stands for.

    Args:
        provider: Who was asked.
        status: The HTTP status; None for an error inside an answer with status 200.
        headers: The answer's headers; names in small letters, or a mapping that ignores case.
        body: The answer's body, or the message of a stream that holds the error.
        most_wait_s: The longest wait the vendor may ask for, in seconds.
        texts: What the error must not repeat.
        request_id: The vendor's name for the call.
    """
    said = complaint(body)
    kind = _kind(status, said)
    retryable = _retryable(kind, status, headers)
    wait_s = retry_after(headers, said.wait, most_s=most_wait_s) if retryable else None
    message = clean(said.message, texts) or _in_other_words(status)
    return kind(provider, message, status, request_id, wait_s, retryable)


def _kind(status: int | None, said: Complaint) -> type[ProviderError]:
    exact = next((EXACT[word] for word in said.words if word in EXACT), None)
    if exact:
        return exact
    if status is None:
        status = next((int(word) for word in said.words if re.fullmatch("[45][0-9][0-9]", word)), None)
    if status in {None, 400, 413, 422} and _TOO_LONG.search(said.message):
        return ContextTooLongError
    if status is not None:
        return _kind_of_status(status)
    return next((ROUGH[word] for word in said.words if word in ROUGH), ServerError)


def _kind_of_status(status: int) -> type[ProviderError]:
    if status in STATUSES:
        return STATUSES[status]
    if status < _STATUS_MIN:
        return MalformedAnswerError  # a success, or no final answer, where an answer was due
    if status < 400:  # noqa: PLR2004  # redirects
        return MalformedAnswerError
    return BadRequestError if status < 500 else ServerError  # noqa: PLR2004  # the classes of HTTP


def _retryable(kind: type[ProviderError], status: int | None, headers: Mapping[str, str]) -> bool:
    wish = headers.get("x-should-retry", "").strip().lower()
    if wish in {"true", "false"}:
        return wish == "true"
    if status is not None and (status in _NOT_IMPLEMENTED or _STATUS_MIN <= status < 400):  # noqa: PLR2004
        return False
    return kind.retryable_by_kind


def _in_other_words(status: int | None) -> str:
    if status is None:
        return "the answer holds an error without a message"
    if _STATUS_MIN <= status < 400:  # noqa: PLR2004  # redirects
        return "the address has moved, and a key goes to its own host only: set base_url to the new one"
    return "the answer is an error without a message"
