"""Mistral's chat completions.

The chat format, with ids of exactly nine characters, names of its own for two fields, and
content in blocks where a model thinks.

https://github.com/mistralai/platform-docs-public (2026-08-21)
"""

from collections.abc import Iterable
from typing import Any, Literal

import attrs
import msgspec
from reenact.llm import LlmEvent, Part
from reenact_http import Assembly, Call, Reader, calls_in
from reenact_http.chat import ChatReader, Spelled, Spelling, schema_fields, tool_fields
from reenact_http.shape import convert
from reenact_http.spell import data_url, id_mapper, merged, own_reasoning, set_only

FIXED = ("messages", "model", "n", "stream", "tools")
"""Fields that are not the caller's to set."""

legal_id = id_mapper("[a-zA-Z0-9]{9}", 9)


@attrs.frozen
class MistralDialect:
    """Mistral's words."""

    framing: Literal["sse"] = "sse"

    def path(self, _: Call) -> str:
        """Return the endpoint."""
        return "chat/completions"

    def body(self, call: Call) -> dict[str, Any]:
        """Return the request."""
        request = call.request
        body: Spelled = {
            "model": call.model,
            "messages": SPELLING.messages(request),
            **tool_fields(request, required="any"),
            **schema_fields(request),
            **set_only(
                max_tokens=request.max_tokens,
                temperature=request.temperature,
                top_p=request.top_p,
                random_seed=request.seed,
                stop=list(request.stop) or None,
            ),
            **({"stream": True} if call.stream else {}),
        }
        return merged(body, request.options, FIXED)

    def reader(self, call: Call) -> Reader:
        """Return what reads the answer."""
        return ChatReader(Assembly("mistral", calls_before=calls_in(call.request.messages)), content)


def document(part: Part) -> Spelled:
    """Return a document that is no text."""
    return {
        "type": "document_url",
        "document_url": data_url(part),
        **set_only(document_name=part.title or None),
    }


def reasoning(part: Part) -> Spelled | None:
    """Return reasoning of Mistral's own."""
    text = own_reasoning(part, "mistral")
    return {"type": "thinking", "thinking": [{"type": "text", "text": text}]} if text else None


SPELLING = Spelling(document=document, reasoning=reasoning, call_id=legal_id, result_names=True)


class Block(msgspec.Struct):
    """A piece of content."""

    type: str = ""
    text: str | None = None
    thinking: list["Block"] | None = None


def content(into: Assembly, blocks: list[dict[str, Any]]) -> list[LlmEvent]:
    """Add content that comes in blocks; blocks that are new to us are passed over."""
    return [event for block in blocks for event in _block(into, convert(block, Block))]


def _block(into: Assembly, block: Block) -> Iterable[LlmEvent]:
    if block.type == "text":
        return into.add_text(block.text or "")
    if block.type != "thinking":
        return ()
    events = into.add_reasoning("".join(inner.text or "" for inner in block.thinking or ()))
    into.want_reasoning_back()
    return events
