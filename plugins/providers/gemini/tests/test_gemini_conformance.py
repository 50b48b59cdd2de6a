"""Gemini passes the suite."""

from pytest_reenact.conformance.provider import EventStreamConformance, ProviderConformance
from pytest_reenact.conformance.vendors.gemini import GeminiDouble
from reenact_gemini import reenact_providers

(OFFER,) = reenact_providers()


class TestGemini(ProviderConformance):
    """The provider ``gemini`` against a double of its vendor."""

    double = GeminiDouble(OFFER)


class TestGeminiEventStreams(EventStreamConformance):
    """Its streams."""

    double = GeminiDouble(OFFER)
