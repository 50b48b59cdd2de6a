"""The policy does what every policy must."""

from typing import ClassVar

from pytest_reenact.conformance.policy import PolicyConformance
from reenact_injection import reenact_policies

(OFFER,) = reenact_policies()


class TestInjection(PolicyConformance):
    """``injection``, with each action and in both stages."""

    offer = OFFER
    tables: ClassVar = (
        {},
        {"action": "flag", "threshold": 0.1},
        {"action": "strip", "stages": ["request", "tool"]},
        {"action": "deny", "stages": ["tool"], "mark_untrusted": False},
    )
    changes = frozenset({"text", "arguments", "trusted"})
