"""Requests, answers and events of language models, as no vendor spells them.

A provider turns these into its vendor's format and back. What a vendor needs
back unchanged (signatures, encrypted reasoning) travels in `opaque`. Sampling
fields are None unless the caller set them: several vendors refuse a default.
"""

from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Literal, TypeAlias

import attrs

from reenact.codec import NOTHING_GIVEN, Json, canonical, digest, plain, plain_fields
from reenact.content import Blob, Chains, pack_fields

Role: TypeAlias = Literal["system", "user", "assistant", "tool"]
Finish: TypeAlias = Literal["stop", "length", "tool_calls", "content_filter", "refusal", "error"]

NO_OPAQUE: Mapping[str, Any] = {}


@attrs.frozen(kw_only=True)
class Part:
    """A piece of a message.

    Attributes:
        type: ``text``, ``image``, ``document``, ``reasoning``, ``tool_call`` or ``tool_result``.
        text: The text of it; for a document its content, for a tool result what the tool said.
        url: Where an image or document is, if it is not here.
        data: Its bytes in base64, if it is here.
        media_type: Such as ``image/png``.
        title: A document's name.
        id: Names a tool call; its result carries the same.
        name: The tool's name.
        arguments: What a tool is called with; plain JSON. None if the model's text was no JSON.
        raw_arguments: The model's text, if it was no JSON.
        failed: Whether a tool result is an error.
        trusted: Whether the text is the user's or the program's own, as opposed to a document's or a tool's.
        opaque: What one vendor needs back unchanged, under the provider's name.
    """

    type: Literal["text", "image", "document", "reasoning", "tool_call", "tool_result"]
    text: str = ""
    url: str = ""
    data: str = ""
    media_type: str = ""
    title: str = ""
    id: str = ""
    name: str = ""
    arguments: Mapping[str, Any] | None = None
    raw_arguments: str = ""
    failed: bool = False
    trusted: bool = True
    opaque: Mapping[str, Any] = NO_OPAQUE

    @property
    def file_text(self) -> str:
        """What a text file in `data` says; empty if there is no file or it is no text.

        Data that is no base64 of text, though it is said to be a text file, is taken for the text itself.
        """
        kind = self.media_type.partition(";")[0].strip().lower()
        if not self.data or not (kind.startswith("text/") or kind.endswith(_TEXT_FILES)):
            return ""
        try:
            return b64decode(self.data, validate=True).decode("utf-8-sig")
        except ValueError:
            return self.data

    def with_file_text(self, text: str) -> "Part":
        """Return it with a text file that says *text*; itself if it says that already."""
        if text == self.file_text:
            return self
        encoded = self.data != self.file_text
        data = b64encode(text.encode("utf-8")).decode("ascii") if encoded else text
        return attrs.evolve(self, data=data)


_TEXT_FILES = ("/json", "+json", "/xml", "+xml", "/yaml", "/x-yaml", "/toml", "/csv", "/javascript")


def _parts(parts: Iterable[Part]) -> tuple[Part, ...]:
    return tuple(parts)


@attrs.frozen(kw_only=True)
class LlmMessage:
    """One turn of a conversation.

    Attributes:
        role: Who says it.
        parts: What is said, in order.
    """

    role: Role
    parts: tuple[Part, ...] = attrs.field(converter=_parts)
    _spelled: list[tuple[str, Any]] = attrs.field(factory=list, init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self._spelled.clear()  # what reads a message back also takes this from the data, if it is there

    @property
    def text(self) -> str:
        """The text parts, joined."""
        return "".join(part.text for part in self.parts if part.type == "text")

    @property
    def tool_calls(self) -> tuple[Part, ...]:
        """The tool calls in it."""
        return tuple(part for part in self.parts if part.type == "tool_call")

    def spelled(self) -> tuple[str, Json]:
        """Return the hash and the plain value of it; worked out once for each message."""
        if not self._spelled:
            parts = [_spelled_part(part, f"$.parts[{i}]") for i, part in enumerate(self.parts)]
            value: Json = {"role": self.role, "parts": parts}
            self._spelled.append((digest(canonical(value)), value))
        return self._spelled[0]


def _spelled_part(part: Part, at: str) -> Json:
    if type(part) is Part:
        return plain_fields(part, at, NOTHING_GIVEN)
    return plain(part, at, omit_defaults=True)


def system(text: str) -> LlmMessage:
    """Return a system message."""
    return LlmMessage(role="system", parts=(Part(type="text", text=text),))


def user(*content: "str | Part") -> LlmMessage:
    """Return a user message of texts and parts."""
    return LlmMessage(
        role="user", parts=[Part(type="text", text=c) if isinstance(c, str) else c for c in content]
    )


def assistant(*content: "str | Part") -> LlmMessage:
    """Return an assistant message of texts and parts."""
    return LlmMessage(role="assistant", parts=user(*content).parts)


def tool_result(call: Part, text: str, *, failed: bool = False) -> LlmMessage:
    """Return the result of one tool call; what tools say is not trusted."""
    part = Part(type="tool_result", id=call.id, name=call.name, text=text, failed=failed, trusted=False)
    return LlmMessage(role="tool", parts=(part,))


@attrs.frozen(kw_only=True)
class ToolSpec:
    """A tool as a model is told of it.

    Attributes:
        name: Up to 64 of ``a-z A-Z 0-9 _ -``, which fits every vendor.
        description: What it does and when to use it.
        parameters: JSON Schema of its arguments, an object.
    """

    name: str
    description: str = ""
    parameters: Mapping[str, Any]


def _messages(messages: Iterable[LlmMessage]) -> tuple[LlmMessage, ...]:
    return tuple(messages)


def _tools(tools: Iterable[ToolSpec]) -> tuple[ToolSpec, ...]:
    return tuple(tools)


def _texts(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(texts)


@attrs.frozen(kw_only=True)
class LlmRequest:
    """Everything that decides what a model answers.

    Attributes:
        model: The alias or ``provider:model`` the caller asked for.
        messages: The conversation so far.
        tools: What it may call.
        tool_choice: ``auto``, ``required``, ``none`` or the name of one tool.
        output_schema: JSON Schema the answer must fit, if it must.
        output_name: A name for that schema.
        max_tokens: Most tokens to write.
        temperature: Sampling temperature, in the vendor's range.
        top_p: Nucleus sampling.
        stop: Texts that end the answer.
        seed: For vendors that take one; best effort, never a guarantee.
        options: The vendor's own options, passed through by name.
    """

    model: str
    messages: tuple[LlmMessage, ...] = attrs.field(converter=_messages)
    tools: tuple[ToolSpec, ...] = attrs.field(default=(), converter=_tools)
    tool_choice: str = "auto"
    output_schema: Mapping[str, Any] | None = None
    output_name: str = ""
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop: tuple[str, ...] = attrs.field(default=(), converter=_texts)
    seed: int | None = None
    options: Mapping[str, Any] = NO_OPAQUE

    def spelled(self, chains: Chains) -> dict[str, Json]:
        """Return the plain value that is hashed: messages stand as the name of their chain."""
        name = chains.name(message.spelled()[0] for message in self.messages)
        return plain_fields(self, "$.request", {"messages": name})

    def segments(self) -> list[Json]:
        """Return the plain values of its messages, and then of the rest of it."""
        rest = plain_fields(self, "$.request", {"messages": []})
        return [*(message.spelled()[1] for message in self.messages), rest]

    def stored(
        self, chains: Chains, blobs: dict[str, Blob], spelled: Mapping[str, Json] | None = None
    ) -> dict[str, Json]:
        """Return the plain value that is stored, putting new messages into *blobs*.

        Args:
            chains: The run's conversations.
            blobs: Where content goes, by hash.
            spelled: What `spelled` has returned, if that was asked for already.
        """
        value = pack_fields(self.spelled(chains) if spelled is None else spelled, blobs)
        value["messages"] = chains.store([message.spelled() for message in self.messages], blobs)
        return value


@attrs.frozen(kw_only=True)
class Usage:
    """Tokens of one call; None where the vendor did not say.

    Attributes:
        input_tokens: All that was read, cached ones included.
        output_tokens: All that was written, reasoning included.
        cached_tokens: Of the input, how many came from the vendor's cache.
        cache_write_tokens: Of the input, how many were written to it.
        reasoning_tokens: Of the output, how many were reasoning.
        billed_input_tokens: What the vendor charges for reading, if that is another number.
        billed_output_tokens: What it charges for writing, if that is another number.
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    billed_input_tokens: int | None = None
    billed_output_tokens: int | None = None


@attrs.frozen(kw_only=True)
class LlmResponse:
    """What a model answered.

    Attributes:
        message: The answer, with reasoning and tool calls.
        finish: Why it ended.
        usage: What it took.
        model: The model as it calls itself.
        provider: The provider that was asked.
        request_id: The vendor's name for the call.
        fingerprint: The vendor's name for the backend's state, where it gives one.
        cost_usd: Its price; None if the price is not known.
        refusal: The vendor's words, if the model refused.
        raw: The vendor's answer as it came, if the provider was asked to keep it.
    """

    message: LlmMessage
    finish: Finish = "stop"
    usage: Usage = attrs.field(factory=Usage)
    model: str = ""
    provider: str = ""
    request_id: str = ""
    fingerprint: str = ""
    cost_usd: Decimal | None = None
    refusal: str = ""
    raw: Any = None

    @property
    def text(self) -> str:
        """The answer's text."""
        return self.message.text

    @property
    def tool_calls(self) -> tuple[Part, ...]:
        """The tools the model wants called."""
        return self.message.tool_calls

    def stored(
        self, asked: tuple[LlmMessage, ...], chains: Chains, blobs: dict[str, Blob]
    ) -> dict[str, Json]:
        """Return the plain value that is stored, with the answer as the last message of its conversation."""
        value = pack_fields(plain_fields(self, "$.response", _APART), blobs)
        said = [message.spelled() for message in (*asked, self.message)]
        value["message"] = chains.store(said, blobs, last=True)
        if self.cost_usd is None:
            del value["cost_usd"]
        else:
            value["cost_usd"] = f"{self.cost_usd:f}"
        return value


_APART: Mapping[str, Json] = {"message": None, "cost_usd": None}
"""What of a response is stored in a form of its own."""


@attrs.frozen(kw_only=True)
class LlmEvent:
    """A piece of an answer that is still coming.

    Attributes:
        type: ``text`` or ``reasoning`` (more of it), ``tool_call`` (more of its arguments),
            ``usage``, or ``end`` with the whole response.
        text: The piece.
        index: Which tool call, from 0.
        id: The tool call's id, as soon as it is known.
        name: The tool's name, as soon as it is known.
        usage: What was used so far.
        response: The whole answer, at the end.
    """

    type: Literal["text", "reasoning", "tool_call", "usage", "end"]
    text: str = ""
    index: int = 0
    id: str = ""
    name: str = ""
    usage: Usage | None = None
    response: LlmResponse | None = None


# --- reading back -------------------------------------------------------------------------------


def message_from(value: Mapping[str, Any]) -> LlmMessage:
    """Return a message from its plain value."""
    return LlmMessage(role=value["role"], parts=tuple(Part(**part) for part in value["parts"]))


def request_from(value: Mapping[str, Any]) -> LlmRequest:
    """Return a request from its plain value, messages written out."""
    fields = dict(value)
    fields["messages"] = tuple(message_from(item) for item in fields["messages"])
    fields["tools"] = tuple(ToolSpec(**tool) for tool in fields.get("tools", ()))
    return LlmRequest(**fields)


def response_from(value: Mapping[str, Any]) -> LlmResponse:
    """Return a response from its plain value."""
    fields = dict(value)
    fields["message"] = message_from(fields["message"])
    fields["usage"] = Usage(**fields.get("usage", {}))
    if "cost_usd" in fields:
        fields["cost_usd"] = Decimal(fields["cost_usd"])
    return LlmResponse(**fields)
