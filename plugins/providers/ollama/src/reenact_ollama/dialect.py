"""Ollama's own chat endpoint.

Not its compatible one: only this one takes the options of a local model. It drops fields it
does not know in silence, so that nothing may be put in the wrong place.

https://github.com/ollama/ollama (2026-08-21)
"""

from collections.abc import Iterable
from typing import Any, Literal

import attrs
import msgspec
from reenact.llm import Finish, LlmEvent, LlmMessage, LlmRequest, Part, Usage
from reenact_http import (
    Assembly,
    Call,
    Frame,
    Reader,
    UnreadableError,
    UnsendableError,
    VendorError,
    calls_in,
)
from reenact_http.chat import Spelled, tool_spec
from reenact_http.shape import count, decode
from reenact_http.spell import argument_object, document_text, merged, own_reasoning, set_only

FIXED = ("messages", "model", "stream", "tools")
"""Fields that are not the caller's to set."""


@attrs.frozen(kw_only=True)
class OllamaDialect:
    """Ollama's words.

    Attributes:
        keep_alive: How long the model stays in memory, such as ``5m``; the server's own if empty.
    """

    framing: Literal["ndjson"] = "ndjson"
    keep_alive: str

    def path(self, _: Call) -> str:
        """Return the endpoint."""
        return "api/chat"

    def body(self, call: Call) -> dict[str, Any]:
        """Return the request."""
        request = call.request
        body: Spelled = {
            "model": call.model,
            "messages": [spelled for message in request.messages for spelled in messages(message)],
            "stream": call.stream,
            **set_only(
                tools=offered(request) or None,
                format=request.output_schema,
                options=_sampling(request) or None,
                keep_alive=self.keep_alive or None,
            ),
        }
        return merged(body, request.options, FIXED)

    def reader(self, call: Call) -> Reader:
        """Return what reads the answer."""
        return OllamaReader(Assembly("ollama", calls_before=calls_in(call.request.messages)))


def offered(request: LlmRequest) -> list[Spelled]:
    """Return the tools on offer.

    Raises:
        UnsendableError: If one must be called: there is no way to say so.
    """
    if request.tool_choice == "none":
        return []
    if request.tools and request.tool_choice != "auto":
        raise UnsendableError("no tool_choice but 'auto' and 'none' can be said to it")
    return [tool_spec(tool.name, tool.description, tool.parameters) for tool in request.tools]


def _sampling(request: LlmRequest) -> Spelled:
    return set_only(
        num_predict=request.max_tokens,
        temperature=request.temperature,
        top_p=request.top_p,
        seed=request.seed,
        stop=list(request.stop) or None,
    )


def messages(message: LlmMessage) -> Iterable[Spelled]:
    """Return a message as Ollama spells it; each tool's result is a message of its own."""
    for part in message.parts:
        if part.type == "tool_result":
            yield {"role": "tool", "tool_name": part.name, "tool_call_id": part.id, "content": part.text}
    rest = [part for part in message.parts if part.type != "tool_result"]
    if message.role != "tool" and (rest or not message.parts):
        yield {"role": message.role, "content": _text(rest), **_beside(rest)}


def _text(parts: list[Part]) -> str:
    texts = [
        part.text if part.type == "text" else document_text(part) for part in parts if part.type in _TEXTS
    ]
    return "\n\n".join(texts)


_TEXTS = {"text", "document"}


def _beside(parts: list[Part]) -> Spelled:
    calls = [_call(part) for part in parts if part.type == "tool_call"]
    images = [_image(part) for part in parts if part.type == "image"]
    thinking = "".join(own_reasoning(part, "ollama") for part in parts)
    return set_only(tool_calls=calls or None, images=images or None, thinking=thinking or None)


def _call(part: Part) -> Spelled:
    return {"id": part.id, "function": {"name": part.name, "arguments": argument_object(part)}}


def _image(part: Part) -> str:
    if not part.data:
        raise UnsendableError("images are taken as data, and not by address")
    return part.data


class Function(msgspec.Struct):
    """The tool that is called."""

    name: str
    arguments: dict[str, Any] | None = None


class ToolCall(msgspec.Struct):
    """A tool call."""

    function: Function
    id: str | None = None


class Message(msgspec.Struct):
    """A message, or in a stream more of it."""

    content: str | None = None
    thinking: str | None = None
    tool_calls: list[ToolCall] | None = None


class OllamaAnswer(msgspec.Struct):
    """A whole answer, or one line of a stream."""

    message: Message | None = None
    model: str | None = None
    done: bool = False
    done_reason: str | None = None
    prompt_eval_count: int | None = None
    eval_count: int | None = None
    error: Any = None


FINISHES: dict[str, Finish] = {"stop": "stop", "length": "length", "load": "error", "unload": "error"}


class OllamaReader:
    """Reads an answer, whole or in pieces.

    Args:
        assembly: Puts the answer together.
    """

    def __init__(self, assembly: Assembly) -> None:
        self.ended = False
        self._assembly = assembly
        self._calls = 0

    def whole(self, data: bytes) -> Assembly:
        """Return what an answer that came whole says."""
        self.event(Frame(data))
        if not self.ended:
            raise UnreadableError("it is not done")
        return self._assembly

    def event(self, frame: Frame) -> list[LlmEvent]:
        """Return what one line of a stream adds."""
        answer = decode(frame.data, OllamaAnswer)
        if answer.error is not None:
            raise VendorError(frame.data)
        if answer.message is None:
            raise UnreadableError("it has no message")
        self._assembly.model = answer.model or ""
        events = self._message(answer.message)
        return events + self._done(answer) if answer.done else events

    def end(self) -> Assembly | None:
        """Return what the stream said; None if it was cut off before its end."""
        return self._assembly if self.ended else None

    def _message(self, message: Message) -> list[LlmEvent]:
        into = self._assembly
        events = into.add_reasoning(message.thinking) if message.thinking else []
        into.want_reasoning_back()
        events += into.add_text(message.content or "")
        for call in message.tool_calls or ():
            function = call.function
            value = function.arguments or {}
            events += into.add_whole_call(self._calls, id=call.id or "", name=function.name, value=value)
            self._calls += 1
        return events

    def _done(self, answer: OllamaAnswer) -> list[LlmEvent]:
        self.ended = True
        # A server that gives no reason, or one that is new to us, says that it is done, and no more.
        self._assembly.finish = FINISHES.get(answer.done_reason or "stop", "stop")
        usage = Usage(input_tokens=count(answer.prompt_eval_count), output_tokens=count(answer.eval_count))
        return self._assembly.add_usage(usage)
