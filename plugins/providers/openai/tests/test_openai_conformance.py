"""Openai passes the suite."""

from pytest_reenact.conformance.provider import EventStreamConformance, ProviderConformance
from pytest_reenact.conformance.vendors.openai import OpenaiDouble
from reenact_openai import reenact_providers

(OFFER,) = reenact_providers()


class TestOpenai(ProviderConformance):
    """The provider ``openai`` against a double of its vendor."""

    double = OpenaiDouble(OFFER)


class TestOpenaiEventStreams(EventStreamConformance):
    """Its streams."""

    double = OpenaiDouble(OFFER)
