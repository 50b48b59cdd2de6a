"""What a model says and what it saw, as no vendor spells them.

The suite speaks in these; a vendor's double puts them into the vendor's format and reads
them out of it. So one expectation holds for every vendor.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

import attrs
from reenact.errors import ProviderError
from reenact.llm import Finish, LlmResponse, Usage
from reenact.seams import Offer, Provider

from pytest_reenact.conformance.server import Received, Reply

KEY_ENV = "REENACT_CONFORMANCE_KEY"
KEY = "canary-4f1d-never-to-be-seen"


@attrs.frozen
class ScriptedCall:
    """A tool call.

    Attributes:
        name: The tool.
        arguments: What it is called with.
        id: The vendor's name for the call.
    """

    name: str
    arguments: Mapping[str, Any]
    id: str = ""


@attrs.frozen(kw_only=True)
class Script:
    """What a model says.

    Attributes:
        text: Its answer.
        reasoning: What it thinks before.
        calls: The tools it wants called.
        finish: Why it stops.
        refusal: What it says in place of an answer, if it refuses.
        cut_call: Arguments that the limit of tokens cut off, of one more call.
    """

    text: str = ""
    reasoning: str = ""
    calls: tuple[ScriptedCall, ...] = ()
    finish: Finish = "stop"
    refusal: str = ""
    cut_call: str = ""


USAGE = Usage(input_tokens=21, output_tokens=13, cached_tokens=5, reasoning_tokens=3)
"""What every scripted answer uses; a double drops what its vendor does not tell."""

MODEL = "some-model-1"
"""What every scripted answer says it is."""


@attrs.frozen(kw_only=True)
class Turn:
    """One turn of the conversation as the model saw it.

    Attributes:
        role: ``user`` or ``assistant``; results of tools are the user's.
        texts: The texts, documents among them.
        media: Images and documents: their bytes in base64, or their address.
        calls: Which tools were called: number of the call in the conversation, name, arguments.
        results: What they said: number of the call, text.
        opaque: What the vendor had asked to get back.
    """

    role: str
    texts: tuple[str, ...] = ()
    media: tuple[str, ...] = ()
    calls: tuple[tuple[int, str, Any], ...] = ()
    results: tuple[tuple[int, str], ...] = ()
    opaque: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Seen:
    """A request, as the model saw it.

    Attributes:
        model: Which was asked.
        system: What the system says.
        turns: The conversation; neighbours with one role are one.
        tools: Names and schemas.
        choice: What it must call: ``auto``, ``required``, ``none`` or a name.
        schema: What its answer must fit.
        sampling: Limits and sampling, by their neutral names; only what was set.
        stream: Whether pieces are wanted.
    """

    model: str = ""
    system: str = ""
    turns: tuple[Turn, ...] = ()
    tools: Mapping[str, Any] = attrs.field(factory=dict)
    choice: str = "auto"
    schema: Any = None
    sampling: Mapping[str, Any] = attrs.field(factory=dict)
    stream: bool = False


class RefusedError(Exception):
    """The vendor would refuse the request; the text says why."""


def refuse_unless(holds: object, why: str) -> None:
    """Raise `RefusedError` unless *holds*."""
    if not holds:
        raise RefusedError(why)


class CallNumbers:
    """Numbers the calls of a conversation by their ids, or by name where the vendor has no ids."""

    def __init__(self) -> None:
        self._ids: list[str] = []
        self._open: list[int] = []

    def called(self, id: str) -> int:  # noqa: A002  # it is one
        """Return the number of a new call."""
        self._ids.append(id)
        self._open.append(len(self._ids) - 1)
        return len(self._ids) - 1

    def answered(self, id: str) -> int:  # noqa: A002  # it is one
        """Return the number of the call that a result answers: the first open one with that id."""
        numbers = [number for number in self._open if self._ids[number] == id]
        refuse_unless(numbers, f"a result for {id!r}, which nobody called or which has one")
        self._open.remove(numbers[0])
        return numbers[0]

    def all_answered(self) -> None:
        """Refuse a conversation that goes on although a call has no result."""
        refuse_unless(not self._open, "a call has no result")


def joined(turns: Sequence[Turn]) -> tuple[Turn, ...]:
    """Return turns with neighbours of one role made one."""
    made: list[Turn] = []
    for turn in turns:
        together = made and made[-1].role == turn.role
        made.append(_one(made.pop(), turn) if together else turn)
    return tuple(made)


def _one(first: Turn, second: Turn) -> Turn:
    fields = ("texts", "media", "calls", "results", "opaque")
    return Turn(role=first.role, **{name: getattr(first, name) + getattr(second, name) for name in fields})


Kind = Literal[
    "authentication", "forbidden", "not_found", "bad_request", "context", "filter", "rate", "quota",
    "overloaded", "server", "timeout",
]  # fmt: skip


class Double(Protocol):
    """A vendor, as far as the suite needs one. It refuses what the vendor would refuse.

    Attributes:
        offer: The provider's offer.
        framing: How its streams are cut: ``sse`` or ``ndjson``.
        has: What the vendor has: ``ids`` of calls, ``seed``, ``choice`` (a named tool),
            ``required``, ``none``, ``schema``, ``schema_with_tools``, ``images``, ``image_url``,
            ``documents``, ``refusal``, ``filter``, ``reasoning``, ``opaque``, ``cached``,
            ``reasoning_tokens``, ``x-should-retry``, ``request_id``, ``cut_call``, ``counts`` (see
            `CountingDouble`).
    """

    offer: Offer[Provider]
    framing: Literal["sse", "ndjson"]
    has: frozenset[str]

    def table(self, url: str) -> dict[str, Any]:
        """Return the TOML table that leads the provider to the server at *url*, with the key."""

    def see(self, received: Received) -> Seen:
        """Return what the model sees of a request.

        Raises:
            RefusedError: If the vendor would refuse it.
        """

    def whole(self, script: Script) -> dict[str, Any]:
        """Return an answer in one piece, decoded."""

    def stream(self, script: Script) -> list[bytes]:
        """Return an answer as messages of a stream, the end marker among them."""

    def failure(self, kind: Kind, message: str) -> Reply:
        """Return how the vendor says that something is wrong."""

    def stream_failure(self) -> tuple[list[bytes], type[ProviderError]]:
        """Return a stream that begins well and ends in an error, and which error it is."""


class CountingDouble(Double, Protocol):
    """A vendor that counts tokens; it has ``counts``."""

    def count(self, tokens: int) -> Reply:
        """Return how the vendor says a number of tokens."""

    def see_count(self, received: Received) -> Seen:
        """Return what the model would see of what is to be counted. Raises as `Double.see` does."""


def neutral(response: LlmResponse) -> dict[str, Any]:
    """Return what must be equal at every vendor: nothing opaque, no ids, no names of the vendor's."""
    parts = [
        (part.type, part.text, part.name, part.arguments, part.raw_arguments)
        for part in response.message.parts
    ]
    return {"parts": parts, "finish": response.finish, "text": response.text}
