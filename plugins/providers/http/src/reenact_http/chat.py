"""The chat format that OpenAI began and many servers speak, with the differences as settings.

Messages with a role and content; tool calls whose arguments are JSON text; a stream of
``choices[0].delta`` until ``[DONE]``. OpenAI, compatible servers, Azure, Mistral and, in
its requests, Cohere.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

import attrs
import msgspec
from reenact.llm import Finish, LlmEvent, LlmMessage, LlmRequest, Part, Usage

from reenact_http.answer import Assembly
from reenact_http.lines import Frame
from reenact_http.provider import VendorError
from reenact_http.shape import UnreadableError, count, decode
from reenact_http.spell import UnsendableError, argument_text, data_url, document_text, schema_name, set_only

Spelled: TypeAlias = dict[str, Any]

DONE = b"[DONE]"
NULL = msgspec.Raw(b"null")


# --- requests -------------------------------------------------------------------------------------


def image_url(part: Part) -> Spelled:
    """Return an image as OpenAI spells it."""
    return {"type": "image_url", "image_url": {"url": data_url(part)}}


def text_document(part: Part) -> Spelled:
    """Return a document as text."""
    return {"type": "text", "text": document_text(part)}


def no_reasoning(_: Part) -> Spelled | None:
    """Leave reasoning out: most servers do not want it back."""
    return None


def same_id(id: str) -> str:  # noqa: A002  # it is one
    """Return an id as it is."""
    return id


@attrs.frozen(kw_only=True)
class Spelling:
    """How a vendor's messages differ.

    Attributes:
        image: Spells an image.
        document: Spells a document.
        reasoning: Spells reasoning of an earlier answer, or leaves it out.
        call_id: Makes ids of calls legal.
        result_names: Whether a tool's result also names the tool.
        assistant_extra: More fields of an assistant's message.
    """

    image: Callable[[Part], Spelled] = image_url
    document: Callable[[Part], Spelled] = text_document
    reasoning: Callable[[Part], Spelled | None] = no_reasoning
    call_id: Callable[[str], str] = same_id
    result_names: bool = False
    assistant_extra: Callable[[LlmMessage], Spelled] = lambda _: {}

    def messages(self, request: LlmRequest) -> list[Spelled]:
        """Return the conversation; each tool's result is a message of its own."""
        return [spelled for message in request.messages for spelled in self._message(message)]

    def _message(self, message: LlmMessage) -> Iterable[Spelled]:
        yield from (self._result(part) for part in message.parts if part.type == "tool_result")
        rest = [part for part in message.parts if part.type != "tool_result"]
        if message.role == "tool" or not (rest or not message.parts):
            return
        yield self._assistant(message) if message.role == "assistant" else self._turn(message.role, rest)

    def _turn(self, role: str, parts: Iterable[Part]) -> Spelled:
        return {"role": role, "content": self._content(parts)}

    def _assistant(self, message: LlmMessage) -> Spelled:
        calls = [self._call(part) for part in message.tool_calls]
        content = self._content(part for part in message.parts if part.type != "tool_call")
        spelled = {"role": "assistant", **self.assistant_extra(message)}
        if content or not calls:
            spelled["content"] = content
        return {**spelled, "tool_calls": calls} if calls else spelled

    def _content(self, parts: Iterable[Part]) -> str | list[Spelled]:
        pieces = [piece for part in parts if (piece := self._piece(part))]
        if all(piece["type"] == "text" for piece in pieces):
            return "".join(piece["text"] for piece in pieces) if len(pieces) < 2 else pieces  # noqa: PLR2004  # one text
        return pieces

    def _piece(self, part: Part) -> Spelled | None:
        if part.type == "text":
            return {"type": "text", "text": part.text}
        if part.type == "image":
            return self.image(part)
        if part.type == "document":
            return self.document(part) if not part.text else text_document(part)
        if part.type == "reasoning":
            return self.reasoning(part)
        raise UnsendableError(f"a part of type {part.type!r} is where none can be")

    def _call(self, part: Part) -> Spelled:
        function = {"name": part.name, "arguments": argument_text(part)}
        return {"type": "function", "id": self.call_id(part.id), "function": function}

    def _result(self, part: Part) -> Spelled:
        spelled = {"role": "tool", "tool_call_id": self.call_id(part.id), "content": part.text}
        return {**spelled, "name": part.name} if self.result_names and part.name else spelled


def tool_fields(request: LlmRequest, *, required: str = "required") -> Spelled:
    """Return the fields that offer tools; none if there are none, which OpenAI insists on.

    Args:
        request: What is asked.
        required: What the vendor calls the choice that leaves none.
    """
    if not request.tools:
        return {}
    spelled: Spelled = {
        "tools": [tool_spec(tool.name, tool.description, tool.parameters) for tool in request.tools]
    }
    if request.tool_choice == "auto":
        return spelled
    words = {"required": required, "none": "none"}
    named = {"type": "function", "function": {"name": request.tool_choice}}
    return {**spelled, "tool_choice": words.get(request.tool_choice, named)}


def tool_spec(name: str, description: str, parameters: Mapping[str, Any]) -> Spelled:
    """Return one tool."""
    return {
        "type": "function",
        "function": set_only(name=name, description=description or None, parameters=parameters),
    }


def schema_fields(request: LlmRequest) -> Spelled:
    """Return the field that asks for structured output, strictly where the schema allows it."""
    if request.output_schema is None:
        return {}
    strict = is_strict(request.output_schema)
    schema = {"name": schema_name(request), "schema": request.output_schema, "strict": strict}
    return {"response_format": {"type": "json_schema", "json_schema": schema}}


def is_strict(schema: Any) -> bool:
    """Say whether a schema names every property as required and allows no others, at every object."""
    if isinstance(schema, list):
        return all(is_strict(item) for item in schema)
    if not isinstance(schema, Mapping):
        return True
    if isinstance(properties := schema.get("properties"), Mapping):
        closed = schema.get("additionalProperties") is False and set(schema.get("required", ())) == set(
            properties
        )
        rest = [value for key, value in schema.items() if key in {"$defs", "definitions"}]
        return closed and all(is_strict(item) for table in (properties, *rest) for item in table.values())
    return schema.get("type") != "object" and all(is_strict(item) for item in schema.values())


# --- answers --------------------------------------------------------------------------------------


class Function(msgspec.Struct):
    """The tool that is called; in a stream, more of its arguments."""

    name: str | None = None
    arguments: str | dict[str, Any] | None = None


class ToolCall(msgspec.Struct):
    """A tool call, or in a stream more of one."""

    index: int | None = None
    id: str | None = None
    function: Function | None = None


class Message(msgspec.Struct):
    """A message, or in a stream more of it."""

    content: str | list[dict[str, Any]] | None = None
    refusal: str | None = None
    tool_calls: list[ToolCall] | None = None
    reasoning_content: str | None = None
    reasoning: str | dict[str, Any] | None = None


class Choice(msgspec.Struct):
    """One answer of several; only one is asked for."""

    message: Message | None = None
    delta: Message | None = None
    finish_reason: str | None = None


class TokenDetails(msgspec.Struct):
    """What a number of tokens is made of."""

    cached_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None


class TokenUsage(msgspec.Struct):
    """What was used."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: TokenDetails | None = None
    completion_tokens_details: TokenDetails | None = None

    def neutral(self) -> Usage:
        """Return it as the kernel counts."""
        read = self.prompt_tokens_details or TokenDetails()
        wrote = self.completion_tokens_details or TokenDetails()
        return Usage(
            input_tokens=count(self.prompt_tokens),
            output_tokens=count(self.completion_tokens),
            cached_tokens=count(read.cached_tokens) or 0,
            cache_write_tokens=count(read.cache_write_tokens) or 0,
            reasoning_tokens=count(wrote.reasoning_tokens) or 0,
        )


class ChatAnswer(msgspec.Struct):
    """A whole answer, or one message of a stream."""

    choices: list[Choice] | None = None
    usage: TokenUsage | None = None
    id: str | None = None
    model: str | None = None
    system_fingerprint: str | None = None
    error: msgspec.Raw = NULL


FINISHES: Mapping[str, Finish] = {
    "stop": "stop",
    "length": "length",
    "model_length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
    "error": "error",
}


class ChatReader:
    """Reads an answer in the chat format, whole or in pieces.

    Args:
        assembly: Puts the answer together.
        content: Adds content that is no plain text, in the vendor's own way.
    """

    def __init__(
        self,
        assembly: Assembly,
        content: "Callable[[Assembly, list[dict[str, Any]]], list[LlmEvent]] | None" = None,
    ) -> None:
        self.ended = False
        self._assembly = assembly
        self._content = content or text_content
        self._ids: dict[int, str] = {}
        self._repeats: dict[int, int] = {}

    def whole(self, data: bytes) -> Assembly:
        """Return what an answer that came whole says."""
        answer = decode(data, ChatAnswer)
        self._add(answer, data)
        if not answer.choices or answer.choices[0].message is None:
            raise UnreadableError("it has no message")
        return self._assembly

    def event(self, frame: Frame) -> Iterable[LlmEvent]:
        """Return what one message of a stream adds."""
        if frame.data.strip() == DONE:
            self.ended = True
            return ()
        return self._add(decode(frame.data, ChatAnswer), frame.data)

    def end(self) -> Assembly | None:
        """Return what the stream said; None if it was cut off before its end."""
        return self._assembly if self.ended and self._assembly.finish is not None else None

    def _add(self, answer: ChatAnswer, data: bytes) -> list[LlmEvent]:
        if answer.error != NULL:
            raise VendorError(data)
        into = self._assembly
        into.id = into.id or answer.id or ""
        into.model = into.model or answer.model or ""
        into.fingerprint = into.fingerprint or answer.system_fingerprint or ""
        events = [event for choice in (answer.choices or [])[:1] for event in self._choice(choice)]
        return events + (into.add_usage(answer.usage.neutral()) if answer.usage else [])

    def _choice(self, choice: Choice) -> list[LlmEvent]:
        message = choice.delta or choice.message
        events = self._message(message) if message else []
        if choice.finish_reason:
            # A word that is new to us says that the answer has ended, and no more.
            self._assembly.finish = FINISHES.get(choice.finish_reason, "stop")
        return events

    def _message(self, message: Message) -> list[LlmEvent]:
        into = self._assembly
        reasoning = message.reasoning_content or message.reasoning
        events = into.add_reasoning(reasoning) if isinstance(reasoning, str) and reasoning else []
        if isinstance(message.content, str):
            events += into.add_text(message.content)
        elif message.content:
            events += self._content(into, message.content)
        into.refusal += message.refusal or ""
        for position, call in enumerate(message.tool_calls or ()):
            events += self._call(call, position)
        return events

    def _call(self, call: ToolCall, position: int) -> list[LlmEvent]:
        key = self._key(position if call.index is None else call.index, call.id)
        function = call.function or Function()
        name, id_ = function.name or "", call.id or ""
        if isinstance(function.arguments, dict):
            return self._assembly.add_whole_call(key, id=id_, name=name, value=function.arguments)
        return self._assembly.add_call(key, id=id_, name=name, piece=function.arguments or "")

    def _key(self, index: int, id: str | None) -> object:  # noqa: A002  # it is one
        """Return what names a call: its index, unless a server gives several calls the same one."""
        if id and self._ids.get(index, id) != id:
            self._repeats[index] = self._repeats.get(index, 0) + 1
        if id:
            self._ids[index] = id
        return index, self._repeats.get(index, 0)


def text_content(into: Assembly, blocks: list[dict[str, Any]]) -> list[LlmEvent]:
    """Add the texts of content that comes in blocks; what is new to us is passed over."""
    texts = (
        block["text"]
        for block in blocks
        if block.get("type") == "text" and isinstance(block.get("text"), str)
    )
    return [event for text in texts for event in into.add_text(text)]
