"""What Anthropic's messages endpoint answers: blocks, whole or growing, each with its index."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from reenact.llm import Finish, LlmEvent, Usage
from reenact_http import Assembly, Frame, UnreadableError, VendorError
from reenact_http.shape import convert, count, decode


class Counted(msgspec.Struct):
    """What the endpoint says that counts tokens."""

    input_tokens: int


class Details(msgspec.Struct):
    """What the tokens written are made of."""

    thinking_tokens: int | None = None


class TokenUsage(msgspec.Struct):
    """What was used; the input without what the cache gave or took."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    output_tokens_details: Details | None = None

    def over(self, before: "TokenUsage") -> "TokenUsage":
        """Return it with what it does not say taken from *before*: numbers of a stream are cumulative."""
        names = self.__struct_fields__
        return TokenUsage(*(getattr(before if getattr(self, n) is None else self, n) for n in names))

    def neutral(self) -> Usage:
        """Return it as the kernel counts: all of the input, cached or not."""
        read, written = count(self.cache_read_input_tokens) or 0, count(self.cache_creation_input_tokens) or 0
        fresh = count(self.input_tokens)
        details = self.output_tokens_details or Details()
        return Usage(
            input_tokens=None if fresh is None else fresh + read + written,
            output_tokens=count(self.output_tokens),
            cached_tokens=read,
            cache_write_tokens=written,
            reasoning_tokens=count(details.thinking_tokens) or 0,
        )


class Block(msgspec.Struct):
    """A piece of content."""

    type: str
    text: str | None = None
    thinking: str | None = None
    id: str | None = None
    name: str | None = None
    input: dict[str, Any] | None = None


class Message(msgspec.Struct):
    """An answer; at the beginning of a stream without its content."""

    content: list[dict[str, Any]]
    id: str | None = None
    model: str | None = None
    stop_reason: str | None = None
    stop_details: Any = None
    usage: TokenUsage | None = None
    type: str = "message"


class Delta(msgspec.Struct):
    """More of a block, or of the message."""

    type: str = ""
    text: str | None = None
    thinking: str | None = None
    signature: str | None = None
    partial_json: str | None = None
    stop_reason: str | None = None
    stop_details: Any = None


class StreamEvent(msgspec.Struct):
    """One event of a stream."""

    type: str = ""
    index: int = 0
    message: Message | None = None
    content_block: dict[str, Any] | None = None
    delta: Delta | None = None
    usage: TokenUsage | None = None


FINISHES: Mapping[str, Finish] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "refusal",
    "pause_turn": "error",
}


class AnthropicReader:
    """Reads an answer, whole or in pieces.

    Args:
        assembly: Puts the answer together.
    """

    def __init__(self, assembly: Assembly) -> None:
        self.ended = False
        self._assembly = assembly
        self._usage = TokenUsage()
        self._thoughts: dict[int, dict[str, Any]] = {}
        self._calls: set[int] = set()
        self._last = 0

    def whole(self, data: bytes) -> Assembly:
        """Return what an answer that came whole says."""
        if decode(data, StreamEvent).type == "error":
            raise VendorError(data)
        message = decode(data, Message)
        if message.stop_reason is None:
            raise UnreadableError("it has no stop_reason")
        self._head(message)
        for index, block in enumerate(message.content):
            self._block(index, block)
        self._finish(message.stop_reason, message.stop_details)
        return self._assembly

    def event(self, frame: Frame) -> list[LlmEvent]:
        """Return what one event of a stream adds; events that are new to us add nothing."""
        event = decode(frame.data, StreamEvent)
        if event.type == "error":
            raise VendorError(frame.data)
        read = EVENTS.get(event.type)
        return read(self, event) if read else []

    def end(self) -> Assembly | None:
        """Return what the stream said; None if it was cut off before its end."""
        return self._assembly if self.ended and self._assembly.finish is not None else None

    # --- the parts of a stream -----------------------------------------------------------------

    def _start(self, event: StreamEvent) -> list[LlmEvent]:
        if event.message is None:
            raise UnreadableError("a message begins without itself")
        return self._head(event.message)

    def _block_start(self, event: StreamEvent) -> list[LlmEvent]:
        return self._block(event.index, event.content_block or {"type": ""}, growing=True)

    def _block_delta(self, event: StreamEvent) -> list[LlmEvent]:
        delta, index = event.delta or Delta(), event.index
        if delta.type == "text_delta":
            return self._assembly.add_text(delta.text or "", index)
        if delta.type == "input_json_delta" and index in self._calls:
            return self._assembly.add_call(index, piece=delta.partial_json or "")
        thought = self._thoughts.get(index)
        if thought is None:
            return []
        thought["thinking"] = thought.get("thinking", "") + (delta.thinking or "")
        if delta.signature:
            thought["signature"] = thought.get("signature", "") + delta.signature
        return self._assembly.add_reasoning(delta.thinking or "", index)

    def _message_delta(self, event: StreamEvent) -> list[LlmEvent]:
        if event.delta and event.delta.stop_reason:
            self._finish(event.delta.stop_reason, event.delta.stop_details)
        return self._used(event.usage)

    def _stop(self, _: StreamEvent) -> list[LlmEvent]:
        self.ended = True
        return []

    # --- what both have ------------------------------------------------------------------------

    def _head(self, message: Message) -> list[LlmEvent]:
        self._assembly.id = message.id or ""
        self._assembly.model = message.model or ""
        return self._used(message.usage)

    def _used(self, usage: TokenUsage | None) -> list[LlmEvent]:
        if usage is None:
            return []
        self._usage = usage.over(self._usage)
        return self._assembly.add_usage(self._usage.neutral())

    def _block(self, index: int, raw: dict[str, Any], *, growing: bool = False) -> list[LlmEvent]:
        block, into = convert(raw, Block), self._assembly
        self._last = index
        if block.type == "text":
            return into.add_text(block.text or "", index)
        if block.type in {"thinking", "redacted_thinking"}:
            self._thoughts[index] = thought = dict(raw)
            events = into.add_reasoning(block.thinking or "", index)
            into.keep(index, {"block": thought})
            return events
        if block.type != "tool_use":
            return []
        self._calls.add(index)
        id_, name = block.id or "", block.name or ""
        if growing and not block.input:  # the rest comes as text
            return into.add_call(index, id=id_, name=name)
        return into.add_whole_call(index, id=id_, name=name, value=block.input or {})

    def _finish(self, reason: str, details: Any) -> None:
        # A word that is new to us says that the answer has ended, and no more.
        self._assembly.finish = FINISHES.get(reason, "stop")
        if self._assembly.finish == "length":
            self._assembly.drop_call(self._last)  # whatever came last is what the limit cut
        words = details.get("explanation") if isinstance(details, dict) else None
        if reason == "refusal" and isinstance(words, str):
            self._assembly.refusal = words


# A table of the class and not of each reader: bound methods would make a cycle of every answer.
EVENTS: Mapping[str, Callable[[AnthropicReader, StreamEvent], list[LlmEvent]]] = {
    "message_start": AnthropicReader._start,
    "content_block_start": AnthropicReader._block_start,
    "content_block_delta": AnthropicReader._block_delta,
    "message_delta": AnthropicReader._message_delta,
    "message_stop": AnthropicReader._stop,
}
