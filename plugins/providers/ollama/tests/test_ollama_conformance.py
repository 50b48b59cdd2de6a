"""Ollama passes the suite."""

from pytest_reenact.conformance.provider import ProviderConformance
from pytest_reenact.conformance.vendors.ollama import OllamaDouble
from reenact_ollama import reenact_providers

(OFFER,) = reenact_providers()


class TestOllama(ProviderConformance):
    """The provider ``ollama`` against a double of its vendor."""

    double = OllamaDouble(OFFER)
