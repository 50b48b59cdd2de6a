"""The policy does what every policy must."""

from typing import ClassVar

from pytest_reenact.conformance.policy import PolicyConformance
from reenact_pii import reenact_policies

(OFFER,) = reenact_policies()


class TestPii(PolicyConformance):
    """``pii``, with each action, with and without values given back and tools scrubbed."""

    offer = OFFER
    tables: ClassVar = (
        {},
        {"action": "mask", "tools": True},
        {"action": "hash"},
        {"action": "deny", "tools": True},
        {"restore": True, "actions": {"SECRET": "deny"}},
    )
    changes = frozenset({"text", "arguments", "options", "tools", "schema", "sampling", "refusal"})
