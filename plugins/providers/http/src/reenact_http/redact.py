"""What a vendor says about an error, without what we had told it.

Vendors quote: a part of the prompt, the key. An error goes to logs and journals, where
neither belongs. So every run of characters that also stands in the request's own texts is
taken out, and whatever looks like a key.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reenact.llm import LlmRequest
from reenact.trace import neutral

MESSAGE_CHARS = 500
GAP = "[…]"

_RUN_CHARS = 12
_SHORT_CHARS = 4
_KEYLIKE = re.compile(
    r"(?i)\b(?:bearer|basic)\s+\S+|\b(?:sk|pk|rk|gsk|xai|key|api)[-_][\w*.-]{6,}|\bAIza[\w*.-]{10,}|\b[0-9a-f]{32,}\b"
)


def clean(message: str, texts: Iterable[str]) -> str:
    """Return *message* in one line of at most 500 characters, without what *texts* hold.

    Runs of 12 characters and more are found; a text shorter than that only as a whole.
    """
    message = message[:MESSAGE_CHARS]
    told = [text for text in texts if len(text) >= _SHORT_CHARS]
    for text in sorted((text for text in told if len(text) < _RUN_CHARS), key=len, reverse=True):
        message = message.replace(text, GAP)
    message = _without_runs(message, "\0".join(text for text in told if len(text) >= _RUN_CHARS))
    return neutral(_KEYLIKE.sub(GAP, message))


def _without_runs(message: str, told: str) -> str:
    if not told:
        return message
    kept: list[str] = []
    at = 0
    while at < len(message):
        end = _run_end(message, at, told)
        kept.append(GAP if end else message[at])
        at = end or at + 1
    return "".join(kept)


def _run_end(message: str, at: int, told: str) -> int:
    """Return where the longest run from *at* on that *told* holds ends; 0 if it is too short."""
    end = at + _RUN_CHARS
    if end > len(message) or message[at:end] not in told:
        return 0
    while end < len(message) and message[at : end + 1] in told:
        end += 1
    return end


def texts_of(request: LlmRequest) -> Iterator[str]:
    """Yield the texts of a request that an error must not repeat: all that people and tools said."""
    for message in request.messages:
        for part in message.parts:
            yield from (part.text, part.url, part.data, part.title, part.raw_arguments)
            yield from _leaves(part.arguments or {})


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _leaves(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _leaves(item)
