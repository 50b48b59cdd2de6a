"""Models on your own machine, or on Ollama's, by Ollama."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import attrs
from reenact.hookspecs import hookimpl
from reenact.seams import Capabilities, Offer, Provider
from reenact_http import HttpOptions, HttpProvider, Vendor, open_provider

from reenact_ollama.dialect import OllamaDialect

OLLAMA = Vendor(name="ollama", base_url="http://127.0.0.1:11434")


@attrs.frozen(kw_only=True)
class OllamaOptions(HttpOptions):
    """What ``[providers.ollama]`` takes, besides what `HttpOptions` does.

    Attributes:
        keep_alive: How long the model stays in memory, such as ``5m``; the server's own if empty.
    """

    keep_alive: str = ""


@asynccontextmanager
async def open_ollama(options: OllamaOptions) -> AsyncIterator[HttpProvider]:
    """Yield the provider."""
    dialect = OllamaDialect(keep_alive=options.keep_alive)
    async with open_provider(OLLAMA, options, dialect, Capabilities(images=True, seed=True)) as provider:
        yield provider


@hookimpl
def reenact_providers() -> Iterable[Offer[Provider]]:
    """Offer the provider ``ollama``."""
    yield Offer("ollama", open_ollama, OllamaOptions, doc="Ollama, local or hosted")
