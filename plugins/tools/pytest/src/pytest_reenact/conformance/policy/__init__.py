"""What every policy must do. Inherit, say what you offer, and run pytest.

.. code-block:: python

    class TestMyPolicy(PolicyConformance):
        offer = Offer("no-competitors", open_it, Options)
        tables = ({"words": ["acme"]}, {"words": []})
        changes = frozenset()

The suite plays calls of many shapes through the policy's stages, in the order in which the
kernel does: the request, its admission, the settling of what it cost, the answer; and calls
of tools by themselves. A policy that has a call wait is asked again when it wanted to be, or with
a person's yes. What it holds is in a ledger of the suite's own, by a clock that the suite sets.
``changes`` says what the policy may change; all else must stay.
"""

from pytest_reenact.conformance.policy.accounts import Accounts
from pytest_reenact.conformance.policy.decisions import Decisions
from pytest_reenact.conformance.policy.sameness import Sameness
from pytest_reenact.conformance.policy.table import Judged, Table
from pytest_reenact.conformance.policy.texts import Texts
from pytest_reenact.conformance.policy.values import CHANGES


class PolicyConformance(Decisions, Accounts, Texts, Sameness):
    """The whole suite. Set ``offer``.

    Say in ``tables`` which options it is tried with, and in ``changes`` what the policy may change, of
    `CHANGES`; see `Checks` for what else there is to say.
    """


__all__ = ["CHANGES", "Judged", "PolicyConformance", "Table"]
