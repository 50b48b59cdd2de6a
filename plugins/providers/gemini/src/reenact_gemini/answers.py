"""What generateContent answers: whole, or in a stream of answers that each hold new parts."""

from collections.abc import Mapping
from typing import Any

import msgspec
from reenact.llm import Finish, LlmEvent, Usage
from reenact_http import Assembly, Frame, UnreadableError, VendorError
from reenact_http.shape import count, decode


class FunctionCall(msgspec.Struct):
    """A tool call; without arguments if there are none."""

    name: str
    args: dict[str, Any] | None = None
    id: str | None = None


class WirePart(msgspec.Struct):
    """A piece of content."""

    text: str | None = None
    thought: bool = False
    functionCall: FunctionCall | None = None  # noqa: N815  # the vendor's name
    thoughtSignature: str | None = None  # noqa: N815  # the vendor's name


class Content(msgspec.Struct):
    """The content of an answer."""

    parts: list[WirePart] | None = None


class Candidate(msgspec.Struct):
    """One answer of several; only one is asked for. Without content if it was blocked."""

    content: Content | None = None
    finishReason: str | None = None  # noqa: N815  # the vendor's name
    finishMessage: str | None = None  # noqa: N815  # the vendor's name


class PromptFeedback(msgspec.Struct):
    """What the vendor has against the prompt."""

    blockReason: str | None = None  # noqa: N815  # the vendor's name


class UsageMetadata(msgspec.Struct):
    """What was used; each number may be missing."""

    promptTokenCount: int | None = None  # noqa: N815  # the vendor's name
    candidatesTokenCount: int | None = None  # noqa: N815  # the vendor's name
    thoughtsTokenCount: int | None = None  # noqa: N815  # the vendor's name
    cachedContentTokenCount: int | None = None  # noqa: N815  # the vendor's name

    def neutral(self) -> Usage:
        """Return it as the kernel counts: reasoning is a part of the output."""
        written, thought = count(self.candidatesTokenCount), count(self.thoughtsTokenCount)
        known = [number for number in (written, thought) if number is not None]
        return Usage(
            input_tokens=count(self.promptTokenCount),
            output_tokens=sum(known) if known else None,
            cached_tokens=count(self.cachedContentTokenCount) or 0,
            reasoning_tokens=thought or 0,
        )


class GeminiAnswer(msgspec.Struct):
    """A whole answer, or one message of a stream."""

    candidates: list[Candidate] | None = None
    promptFeedback: PromptFeedback | None = None  # noqa: N815  # the vendor's name
    usageMetadata: UsageMetadata | None = None  # noqa: N815  # the vendor's name
    modelVersion: str | None = None  # noqa: N815  # the vendor's name
    responseId: str | None = None  # noqa: N815  # the vendor's name
    error: Any = None


class Counted(msgspec.Struct):
    """What the endpoint says that counts tokens."""

    totalTokens: int  # noqa: N815  # the vendor's name


FINISHES: Mapping[str, Finish] = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    **dict.fromkeys(
        ("SAFETY", "PROHIBITED_CONTENT", "BLOCKLIST", "SPII", "RECITATION", "MODEL_ARMOR", "IMAGE_SAFETY"),
        "content_filter",
    ),
}
"""All others are failures of the model: malformed calls, missing signatures, an unknown language."""


class GeminiReader:
    """Reads an answer, whole or in pieces.

    The end of a stream is the end of the body: what has a finish reason may be followed by usage.

    Args:
        assembly: Puts the answer together.
    """

    def __init__(self, assembly: Assembly) -> None:
        self.ended = False
        self._assembly = assembly
        self._parts = 0
        self._usage: UsageMetadata | None = None
        self._growing: object = None

    def whole(self, data: bytes) -> Assembly:
        """Return what an answer that came whole says."""
        self.event(Frame(data))
        if self._assembly.finish is None:
            raise UnreadableError("it has no finishReason")
        return self._assembly

    def event(self, frame: Frame) -> list[LlmEvent]:
        """Return what one message of a stream adds."""
        answer = decode(frame.data, GeminiAnswer)
        if answer.error is not None:
            raise VendorError(frame.data)
        into = self._assembly
        into.model = answer.modelVersion or into.model
        into.id = answer.responseId or into.id
        events = [
            event for candidate in (answer.candidates or ())[:1] for event in self._candidate(candidate)
        ]
        if answer.promptFeedback and answer.promptFeedback.blockReason and not answer.candidates:
            into.finish = "content_filter"
        return events + self._used(answer.usageMetadata)

    def end(self) -> Assembly | None:
        """Return what the stream said; None if it was cut off before its end."""
        return self._assembly if self._assembly.finish is not None else None

    def _used(self, usage: UsageMetadata | None) -> list[LlmEvent]:
        if usage is None or usage == self._usage:  # every message repeats it
            return []
        self._usage = usage
        return self._assembly.add_usage(usage.neutral())

    def _candidate(self, candidate: Candidate) -> list[LlmEvent]:
        parts = (candidate.content.parts if candidate.content else None) or ()
        events = [event for part in parts for event in self._part(part)]
        if candidate.finishReason:
            self._assembly.finish = FINISHES.get(candidate.finishReason, "error")
        return events

    def _part(self, part: WirePart) -> list[LlmEvent]:
        if part.functionCall is not None:
            return self._call(part, part.functionCall)
        if part.text is None:
            return []  # of a kind that is new to us
        key = self._key(part)
        events = self._assembly.add_reasoning(part.text, key) if part.thought else self._text(part, key)
        if part.thoughtSignature:
            self._assembly.keep(key, {"thoughtSignature": part.thoughtSignature})
            self._growing = None  # what comes after it is another part
        return events

    def _text(self, part: WirePart, key: object) -> list[LlmEvent]:
        if part.thoughtSignature and not part.text:
            self._assembly.hold(key)
        return self._assembly.add_text(part.text or "", key)

    def _key(self, part: WirePart) -> object:
        """Return what names the part that this piece belongs to: the one before, if it is of its kind."""
        kind = "reasoning" if part.thought else "text"
        if not (isinstance(self._growing, tuple) and self._growing[0] == kind):
            self._parts += 1
            self._growing = (kind, self._parts)
        return self._growing

    def _call(self, part: WirePart, call: FunctionCall) -> list[LlmEvent]:
        self._parts += 1
        self._growing = None
        events = self._assembly.add_whole_call(
            self._parts, id=call.id or "", name=call.name, value=call.args or {}
        )
        if part.thoughtSignature:
            self._assembly.keep(self._parts, {"thoughtSignature": part.thoughtSignature}, call=True)
        return events
