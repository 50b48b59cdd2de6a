"""OpenAI, Azure OpenAI and every compatible server.

One format, chat completions, three kinds of server. They differ in where the key goes, in
what the limit of tokens is called, and in what they leave out; the options say which.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Literal

import attrs
from reenact.errors import ConfigError
from reenact.hookspecs import hookimpl
from reenact.seams import Capabilities, Offer, Provider
from reenact_http import HttpOptions, HttpProvider, Vendor, open_provider

from reenact_openai.dialect import ChatDialect

OPENAI = Vendor(name="openai", base_url="https://api.openai.com/v1", key_env="OPENAI_API_KEY")
AZURE = attrs.evolve(
    OPENAI, key_env="", key_header="api-key", key_scheme="", request_id_header="apim-request-id"
)

_SECRET_HEADERS = frozenset(
    {"authorization", "api-key", "x-api-key", "cookie", "proxy-authorization", "host"}
)


def _no_secrets(_: object, field: "attrs.Attribute[Mapping[str, str]]", value: Mapping[str, str]) -> None:
    for name in value:
        if name.lower() in _SECRET_HEADERS:
            raise ConfigError(f"the header {name!r} is not to be set here; name a key with key", field.name)


@attrs.frozen(kw_only=True)
class OpenaiOptions(HttpOptions):
    """What ``[providers.openai]`` takes, besides what `HttpOptions` does.

    Attributes:
        azure: The server is Azure OpenAI: the key goes into ``api-key``.
        api_version: Azure's dated version, such as ``2024-10-21``; the model then names the deployment
            and `base_url` ends at the host. Empty for Azure's newer form, ``…/openai/v1``.
        max_tokens_field: What the server calls the limit of tokens to write. If not set,
            ``max_completion_tokens`` at OpenAI and Azure, ``max_tokens`` elsewhere.
        structured: How structured output is asked for: natively, or by a tool call.
        include_usage: Ask for usage in streams; a few old servers refuse the field.
        return_reasoning: Give an answer's reasoning back in ``reasoning_content``.
        organization: The organization that pays, in the header ``OpenAI-Organization``; not sent if empty.
        project: The project that pays, in the header ``OpenAI-Project``; not sent if empty.
        headers: More headers, none of them secret.
    """

    azure: bool = False
    api_version: str = ""
    max_tokens_field: Literal["max_completion_tokens", "max_tokens"] | None = None
    structured: Literal["native", "tool"] = "native"
    include_usage: bool = True
    return_reasoning: bool = False
    organization: str = ""
    project: str = ""
    headers: Mapping[str, str] = attrs.field(factory=dict, validator=_no_secrets)


@asynccontextmanager
async def open_openai(options: OpenaiOptions) -> AsyncIterator[HttpProvider]:
    """Yield the provider."""
    if options.azure and not options.base_url:
        raise ConfigError("azure needs the address of your resource", "providers.openai.base_url")
    vendor = AZURE if options.azure else OPENAI
    headers = {
        "openai-organization": options.organization,
        "openai-project": options.project,
        **options.headers,
    }
    sent = {name: value for name, value in headers.items() if value}
    capabilities = Capabilities(images=True, seed=True)
    async with open_provider(
        vendor, options, _dialect(options), capabilities, sent, prices=__name__
    ) as provider:
        yield provider


def _dialect(options: OpenaiOptions) -> ChatDialect:
    own = options.azure or options.base_url.rstrip("/") in {"", OPENAI.base_url}
    return ChatDialect(
        max_tokens_field=options.max_tokens_field or ("max_completion_tokens" if own else "max_tokens"),
        by_tool=options.structured == "tool",
        include_usage=options.include_usage,
        api_version=options.api_version,
        return_reasoning=options.return_reasoning,
    )


@hookimpl
def reenact_providers() -> Iterable[Offer[Provider]]:
    """Offer the provider ``openai``."""
    yield Offer("openai", open_openai, OpenaiOptions, doc="OpenAI, Azure OpenAI and compatible servers")
