"""Chat completions, as OpenAI, Azure and compatible servers take them.

https://github.com/openai/openai-openapi (2026-08-21)
"""

from typing import Any, Literal
from urllib.parse import quote

import attrs
from reenact.llm import LlmRequest, Part
from reenact_http import Assembly, Call, Reader, UnsendableError, calls_in
from reenact_http.chat import ChatReader, Spelled, Spelling, schema_fields, tool_fields
from reenact_http.spell import data_url, merged, set_only, with_answer_tool

FIXED = ("messages", "model", "n", "stream", "stream_options", "tools")
"""Fields that are not the caller's to set."""


@attrs.frozen(kw_only=True)
class ChatDialect:
    """OpenAI's words.

    Attributes:
        max_tokens_field: What the server calls the limit of tokens to write.
        by_tool: Whether structured output is asked for by a tool call.
        include_usage: Whether to ask for usage at the end of a stream.
        api_version: Azure's dated version, where the path names the deployment; else empty.
    """

    framing: Literal["sse"] = "sse"
    max_tokens_field: str
    by_tool: bool
    include_usage: bool
    api_version: str
    return_reasoning: bool

    def path(self, call: Call) -> str:
        """Return the endpoint."""
        if not self.api_version:
            return "chat/completions"
        deployment, version = quote(call.model, safe=""), quote(self.api_version, safe="")
        return f"openai/deployments/{deployment}/chat/completions?api-version={version}"

    def body(self, call: Call) -> dict[str, Any]:
        """Return the request."""
        request, _ = self._shaped(call.request)
        body: Spelled = {
            "model": call.model,
            "messages": self._spelling().messages(request),
            **tool_fields(request),
            **schema_fields(request),
            **set_only(
                temperature=request.temperature,
                top_p=request.top_p,
                seed=request.seed,
                stop=list(request.stop) or None,
            ),
            **set_only(**{self.max_tokens_field: request.max_tokens}),
        }
        if call.stream:
            body["stream"] = True
            if self.include_usage:
                body["stream_options"] = {"include_usage": True}
        return merged(body, request.options, FIXED)

    def reader(self, call: Call) -> Reader:
        """Return what reads the answer."""
        _, answer_tool = self._shaped(call.request)
        before = calls_in(call.request.messages)
        return ChatReader(Assembly("openai", calls_before=before, answer_tool=answer_tool))

    def _shaped(self, request: LlmRequest) -> tuple[LlmRequest, str]:
        return with_answer_tool(request) if self.by_tool else (request, "")

    def _spelling(self) -> Spelling:
        return Spelling(document=file, assistant_extra=reasoning_fields if self.return_reasoning else _none)


def file(part: Part) -> Spelled:
    """Return a document that is no text."""
    if part.url:
        raise UnsendableError("documents are taken as text or data, and not by address")
    return {"type": "file", "file": {"filename": part.title or "document", "file_data": data_url(part)}}


def reasoning_fields(message: Any) -> Spelled:
    """Return an assistant's reasoning, for servers that want it back (DeepSeek, Kimi: in tool loops)."""
    text = "".join(part.text for part in message.parts if part.type == "reasoning")
    return {"reasoning_content": text} if text else {}


def _none(_: Any) -> Spelled:
    return {}
