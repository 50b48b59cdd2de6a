"""Cohere's models."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import attrs
from reenact.hookspecs import hookimpl
from reenact.seams import Capabilities, Offer, Provider
from reenact_http import HttpOptions, HttpProvider, Vendor, open_provider

from reenact_cohere.dialect import CohereDialect

COHERE = Vendor(name="cohere", base_url="https://api.cohere.com/v2", key_env="CO_API_KEY")


@attrs.frozen(kw_only=True)
class CohereOptions(HttpOptions):
    """What ``[providers.cohere]`` takes, besides what `HttpOptions` does.

    Attributes:
        client_name: The name of the program, in the header ``X-Client-Name``; none is sent if empty.
    """

    client_name: str = ""


@asynccontextmanager
async def open_cohere(options: CohereOptions) -> AsyncIterator[HttpProvider]:
    """Yield the provider."""
    headers = {"x-client-name": options.client_name} if options.client_name else {}
    capabilities = Capabilities(images=True, seed=True)
    async with open_provider(
        COHERE, options, CohereDialect(), capabilities, headers, prices=__name__
    ) as provider:
        yield provider


@hookimpl
def reenact_providers() -> Iterable[Offer[Provider]]:
    """Offer the provider ``cohere``."""
    yield Offer("cohere", open_cohere, CohereOptions, doc="Cohere")
