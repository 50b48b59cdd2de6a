"""Google's Gemini models."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import attrs
from reenact.hookspecs import hookimpl
from reenact.seams import Capabilities, Offer, Provider
from reenact_http import HttpOptions, HttpProvider, Vendor, open_provider

from reenact_gemini.dialect import GeminiDialect

GEMINI = Vendor(
    name="gemini",
    base_url="https://generativelanguage.googleapis.com/v1beta",
    key_env="GEMINI_API_KEY",
    key_header="x-goog-api-key",
    key_scheme="",
)


@attrs.frozen(kw_only=True)
class GeminiOptions(HttpOptions):
    """What ``[providers.gemini]`` takes: what `HttpOptions` does."""


@asynccontextmanager
async def open_gemini(options: GeminiOptions) -> AsyncIterator[HttpProvider]:
    """Yield the provider."""
    capabilities = Capabilities(images=True, seed=True)
    async with open_provider(GEMINI, options, GeminiDialect(), capabilities, prices=__name__) as provider:
        yield provider


@hookimpl
def reenact_providers() -> Iterable[Offer[Provider]]:
    """Offer the provider ``gemini``."""
    yield Offer("gemini", open_gemini, GeminiOptions, doc="Google Gemini")
