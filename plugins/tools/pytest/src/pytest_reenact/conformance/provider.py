"""What every provider of language models has to do, as tests that it inherits.

.. code-block:: python

    class TestAcme(ProviderConformance):
        double = AcmeDouble()

The double stands for the vendor: it puts what the suite's model says into the vendor's
format, reads what the provider sends, and refuses what the vendor would refuse. See
`pytest_reenact.conformance.script.Double` for what it has to be able to do.

A provider that talks to no vendor, such as one that answers from a file,
inherits `LocalProviderConformance`: the same promises, as far as there is no connection.
"""

from pytest_reenact.conformance.answers import Answers, Questions, VendorAnswers
from pytest_reenact.conformance.failures import Failures, Secrets
from pytest_reenact.conformance.hostile import Babbling, Lying, Stalling
from pytest_reenact.conformance.local import LocalProviderConformance
from pytest_reenact.conformance.more import More, Named
from pytest_reenact.conformance.streams import EventStreams, GoingAway, Sharing, Streams, VendorStreams


class ProviderConformance(
    Questions,
    Answers,
    VendorAnswers,
    Named,
    More,
    Streams,
    VendorStreams,
    GoingAway,
    Sharing,
    Failures,
    Secrets,
    Stalling,
    Lying,
    Babbling,
):
    """The whole suite. Set ``double``, and inherit `EventStreamConformance` too if the framing is SSE."""


class EventStreamConformance(EventStreams):
    """What the standard of server-sent events allows."""


__all__ = ["EventStreamConformance", "LocalProviderConformance", "ProviderConformance"]
