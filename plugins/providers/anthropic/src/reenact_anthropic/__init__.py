"""Anthropic's models."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any, Literal

import attrs
from reenact.hookspecs import hookimpl
from reenact.seams import Capabilities, Offer, Provider
from reenact_http import Assembly, Call, HttpOptions, HttpProvider, Reader, Vendor, calls_in, open_provider
from reenact_http.shape import decode, whole_count

from reenact_anthropic.answers import AnthropicReader, Counted
from reenact_anthropic.requests import COUNTED, shaped, spelled

ANTHROPIC = Vendor(
    name="anthropic",
    base_url="https://api.anthropic.com/v1",
    key_env="ANTHROPIC_API_KEY",
    key_header="x-api-key",
    key_scheme="",
    request_id_header="request-id",
)


@attrs.frozen(kw_only=True)
class AnthropicOptions(HttpOptions):
    """What ``[providers.anthropic]`` takes, besides what `HttpOptions` does.

    Attributes:
        version: The version of the API, in the header ``anthropic-version``.
        beta: Beta features to switch on, in the header ``anthropic-beta``.
        max_tokens: The limit of tokens to write where the caller sets none; the vendor insists on one.
        structured: How structured output is asked for: natively where the schema closes every
            object, or always by a tool call.
    """

    version: str = "2023-06-01"
    beta: list[str] = attrs.field(factory=list)
    max_tokens: int = attrs.field(default=4096, validator=attrs.validators.ge(1))
    structured: Literal["native", "tool"] = "native"


@attrs.frozen
class AnthropicDialect:
    """Anthropic's words.

    Attributes:
        options: What the configuration says.
    """

    options: AnthropicOptions
    framing: Literal["sse"] = "sse"

    def path(self, _: Call) -> str:
        """Return the endpoint."""
        return "messages"

    def body(self, call: Call) -> dict[str, Any]:
        """Return the request."""
        request, _ = shaped(call.request, by_tool=self.options.structured == "tool")
        return spelled(call.model, request, max_tokens=self.options.max_tokens, stream=call.stream)

    def count_path(self, _: Call) -> str:
        """Return the endpoint that counts tokens."""
        return "messages/count_tokens"

    def count_body(self, call: Call) -> dict[str, Any]:
        """Return the request that is counted: what is read, without what is written."""
        return {key: value for key, value in self.body(call).items() if key in COUNTED}

    def counted(self, data: bytes) -> int:
        """Return the number of tokens."""
        return whole_count(decode(data, Counted).input_tokens)

    def reader(self, call: Call) -> Reader:
        """Return what reads the answer."""
        _, answer_tool = shaped(call.request, by_tool=self.options.structured == "tool")
        before = calls_in(call.request.messages)
        return AnthropicReader(Assembly("anthropic", calls_before=before, answer_tool=answer_tool))


@asynccontextmanager
async def open_anthropic(options: AnthropicOptions) -> AsyncIterator[HttpProvider]:
    """Yield the provider."""
    headers = {"anthropic-version": options.version}
    if options.beta:
        headers["anthropic-beta"] = ",".join(options.beta)
    dialect, capabilities = AnthropicDialect(options), Capabilities(images=True)
    async with open_provider(ANTHROPIC, options, dialect, capabilities, headers, prices=__name__) as provider:
        yield provider


@hookimpl
def reenact_providers() -> Iterable[Offer[Provider]]:
    """Offer the provider ``anthropic``."""
    yield Offer("anthropic", open_anthropic, AnthropicOptions, doc="Anthropic")
