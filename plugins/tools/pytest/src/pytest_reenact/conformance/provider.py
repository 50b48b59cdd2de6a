"""What every provider of language models has to do, as tests that it inherits.

.. code-block:: python

    class TestAcme(ProviderConformance):
        double = AcmeDouble()

The double stands for the vendor: it puts what the suite's model says into the vendor's
format, reads what the provider sends, and refuses what the vendor would refuse. See
`pytest_reenact.conformance.script.Double` for what it has to be able to do.
"""

from pytest_reenact.conformance.answers import Answers, Questions
from pytest_reenact.conformance.failures import Failures, Secrets
from pytest_reenact.conformance.hostile import Babbling, Lying, Stalling
from pytest_reenact.conformance.more import More, Named
from pytest_reenact.conformance.streams import EventStreams, GoingAway, Streams


class ProviderConformance(
    Questions, Answers, Named, More, Streams, GoingAway, Failures, Secrets, Stalling, Lying, Babbling
):
    """The whole suite. Set ``double``, and inherit `EventStreamConformance` too if the framing is SSE."""


class EventStreamConformance(EventStreams):
    """What the standard of server-sent events allows."""


__all__ = ["EventStreamConformance", "ProviderConformance"]
