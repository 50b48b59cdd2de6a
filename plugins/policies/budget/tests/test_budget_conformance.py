"""The policy does what every policy must."""

from typing import ClassVar

from pytest_reenact.conformance.policy import PolicyConformance
from reenact_budget import reenact_policies

(OFFER,) = reenact_policies()


class TestBudget(PolicyConformance):
    """``budget``, with each thing that can happen at a limit."""

    offer = OFFER
    tables: ClassVar = (
        {"limits": [{"tokens": 1_000_000, "usd": 20}]},
        {"limits": [{"tokens": 20_000, "per": ["workflow", "day"]}], "output_tokens": 100},
        {"limits": [{"usd": 0.00001, "per": "run", "at_limit": "ask"}]},
        {"limits": [{"usd": 0.00001, "per": "day", "at_limit": "model", "use": "cheap"}]},
        {"limits": [{"tokens": 1, "per": "run"}]},
    )
    changes = frozenset({"model"})
