"""Cohere passes the suite."""

from pytest_reenact.conformance.provider import EventStreamConformance, ProviderConformance
from pytest_reenact.conformance.vendors.cohere import CohereDouble
from reenact_cohere import reenact_providers

(OFFER,) = reenact_providers()


class TestCohere(ProviderConformance):
    """The provider ``cohere`` against a double of its vendor."""

    double = CohereDouble(OFFER)


class TestCohereEventStreams(EventStreamConformance):
    """Its streams."""

    double = CohereDouble(OFFER)
