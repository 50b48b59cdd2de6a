"""Anthropic passes the suite."""

from pytest_reenact.conformance.provider import EventStreamConformance, ProviderConformance
from pytest_reenact.conformance.vendors.anthropic import AnthropicDouble
from reenact_anthropic import reenact_providers

(OFFER,) = reenact_providers()


class TestAnthropic(ProviderConformance):
    """The provider ``anthropic`` against a double of its vendor."""

    double = AnthropicDouble(OFFER)


class TestAnthropicEventStreams(EventStreamConformance):
    """Its streams."""

    double = AnthropicDouble(OFFER)
