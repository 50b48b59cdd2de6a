"""How many tokens a request can have at most, without asking anyone.

For admission: a budget holds this much before a call and settles for what was used. No
tokenizer is needed. Byte-level tokenizers never make more tokens than bytes. Small letters
and spaces of ASCII, which they join, count half, except in runs of letters that are longer
than words. So prose and code come out near twice their real number, other scripts near three
times. Images and documents count by a flat rate, for their tokens are the vendor's affair.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from string import ascii_letters
from typing import Any

import attrs

from reenact.llm import LlmEvent, LlmRequest, LlmResponse, Part, Usage

MESSAGE_TOKENS = 16
TOOLS_TOKENS = 600
TOOL_TOKENS = 32
IMAGE_TOKENS = 5_000
BYTES_A_TOKEN_OF_A_DOCUMENT = 4
ESCAPE_TOKENS = 5
"""What a character takes more in JSON that is escaped there, at most."""

_JOINED = b"abcdefghijklmnopqrstuvwxyz "
_LONGER_THAN_WORDS = re.compile(r"[A-Za-z]{25,}")
_SHAPE = bytes(ord("a" if chr(byte) in ascii_letters else " ") for byte in range(256))
_LONG_RUN = b"a" * 25
_ESCAPED = re.compile(r'[\x00-\x1f"\\]')
_BITS_A_DIGIT = 3
_UNKNOWN_TOKENS = 64
"""For a value that has no place in a request, and that no provider can send."""


def estimate_tokens(request: LlmRequest) -> int:
    """Return an upper estimate of the tokens that a model reads for *request*.

    It takes time in proportion to the request's size, and answers for every request, also
    for one that could not be sent.
    """
    total = sum(
        MESSAGE_TOKENS + sum(_part_tokens(part) for part in message.parts) for message in request.messages
    )
    if request.tools:
        total += TOOLS_TOKENS
    for tool in request.tools:
        total += TOOL_TOKENS + text_tokens(tool.name + tool.description) + value_tokens(tool.parameters)
    if request.output_schema is not None:
        total += TOOL_TOKENS + value_tokens(request.output_schema)
    return total


class Used:
    """What one attempt at a model has used so far, as far as can be told.

    What the vendor said counts, and what came after it last said anything is estimated.

    Args:
        request: What is asked.

    Attributes:
        model: The model as it calls itself; empty as long as it has not.
        cost_usd: The price, once there is a whole answer.
        estimated: Whether a part of the latest result is an estimate.
    """

    def __init__(self, request: LlmRequest) -> None:
        self.model = ""
        self.cost_usd: Decimal | None = None
        self.estimated = False
        self._request = request
        self._said: Usage | None = None
        self._since = 0
        self._begun = False

    @property
    def begun(self) -> bool:
        """Whether anything of an answer has come."""
        return self._begun

    def take(self, event: LlmEvent) -> None:
        """Take a piece of the answer."""
        self._begun = True
        if event.usage is not None:
            self._said, self._since = believable(event.usage), 0
        elif event.text:
            self._since += text_tokens(event.text)

    def answered(self, response: LlmResponse) -> None:
        """Take the whole answer."""
        self._begun = True
        self._said, self._since = response.usage, 0
        self.model, self.cost_usd = response.model, response.cost_usd

    def so_far(self, *, called_off: bool) -> Usage | None:
        """Return what was used by an attempt that gives no result.

        Args:
            called_off: It was called off, as opposed to having failed.

        Returns:
            What was used; None for a failure before anything came, which vendors do not charge for.
        """
        if not (self._begun or called_off):
            return None
        said = self._said or Usage()
        read, written = said.input_tokens, said.output_tokens
        self.estimated = read is None or bool(self._since) or not self._begun
        return attrs.evolve(
            said,
            input_tokens=estimate_tokens(self._request) if read is None else read,
            output_tokens=(written or 0) + self._since,
        )


def believable(usage: Usage) -> Usage:
    """Return *usage* without what cannot be: what is no number of tokens counts as not said."""
    wrong = {name: default for name, default in _UNSAID.items() if not _is_count(getattr(usage, name))}
    return attrs.evolve(usage, **wrong) if wrong else usage


def _is_count(value: object) -> bool:
    return value is None or (type(value) is int and 0 <= value <= TOKENS_MAX)


_UNSAID: Mapping[str, Any] = {field.name: field.default for field in attrs.fields(Usage)}

TOKENS_MAX = 10**12
"""More than this no call has taken."""


def text_tokens(text: str) -> int:
    """Return an upper estimate of the tokens of *text*."""
    data = text.encode("utf-8", "surrogatepass")
    joined = len(data) - len(data.translate(None, _JOINED))
    long_runs = 0
    if _LONG_RUN in data.translate(_SHAPE):  # most texts have none, and a search for runs takes long
        long_runs = sum(_joined_in(run.group()) for run in _LONGER_THAN_WORDS.finditer(text))
    return len(data) - (joined - long_runs) // 2


def value_tokens(value: object) -> int:
    """Return an upper estimate of the tokens of *value*, spelled as JSON."""
    return _value_tokens(value, set())


def _joined_in(run: str) -> int:
    data = run.encode()
    return len(data) - len(data.translate(None, _JOINED))


def _part_tokens(part: Part) -> int:
    total = text_tokens(part.text + part.title + part.name + part.raw_arguments)
    if part.arguments:
        total += value_tokens(part.arguments)
    if part.type == "image":
        total += IMAGE_TOKENS
    elif part.type == "document" and (part.data or part.url):
        total += max(IMAGE_TOKENS, len(part.data) // BYTES_A_TOKEN_OF_A_DOCUMENT)
    return total


def _value_tokens(value: Any, within: set[int]) -> int:
    """Estimate *value*; containers that it stands in are passed over, since it cannot end in itself."""
    if isinstance(value, str):
        return 2 + text_tokens(value) + ESCAPE_TOKENS * len(_ESCAPED.findall(value))
    if isinstance(value, int):  # also a bool; turning a huge one into text takes its square
        return 5 + value.bit_length() // _BITS_A_DIGIT
    if value is None or isinstance(value, float):
        return len(repr(value))
    if id(value) in within:
        return 0
    if not isinstance(value, Mapping | list | tuple):
        return _UNKNOWN_TOKENS
    within.add(id(value))
    try:
        return 2 + sum(2 + _value_tokens(item, within) for item in _items(value))
    except RecursionError:
        return _UNKNOWN_TOKENS
    finally:
        within.discard(id(value))


def _items(value: Any) -> list[Any]:
    return [*value.keys(), *value.values()] if isinstance(value, Mapping) else list(value)
