"""Mistral passes the suite."""

from pytest_reenact.conformance.provider import EventStreamConformance, ProviderConformance
from pytest_reenact.conformance.vendors.mistral import MistralDouble
from reenact_mistral import reenact_providers

(OFFER,) = reenact_providers()


class TestMistral(ProviderConformance):
    """The provider ``mistral`` against a double of its vendor."""

    double = MistralDouble(OFFER)


class TestMistralEventStreams(EventStreamConformance):
    """Its streams."""

    double = MistralDouble(OFFER)
