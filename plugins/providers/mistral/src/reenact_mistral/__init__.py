"""Mistral's models."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import attrs
from reenact.hookspecs import hookimpl
from reenact.seams import Capabilities, Offer, Provider
from reenact_http import HttpOptions, HttpProvider, Vendor, open_provider

from reenact_mistral.dialect import MistralDialect

MISTRAL = Vendor(
    name="mistral",
    base_url="https://api.mistral.ai/v1",
    key_env="MISTRAL_API_KEY",
    request_id_header="mistral-correlation-id",
)


@attrs.frozen(kw_only=True)
class MistralOptions(HttpOptions):
    """What ``[providers.mistral]`` takes: what `HttpOptions` does."""


@asynccontextmanager
async def open_mistral(options: MistralOptions) -> AsyncIterator[HttpProvider]:
    """Yield the provider."""
    capabilities = Capabilities(images=True, seed=True)
    async with open_provider(MISTRAL, options, MistralDialect(), capabilities, prices=__name__) as provider:
        yield provider


@hookimpl
def reenact_providers() -> Iterable[Offer[Provider]]:
    """Offer the provider ``mistral``."""
    yield Offer("mistral", open_mistral, MistralOptions, doc="Mistral")
