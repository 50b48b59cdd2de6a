"""The policy keeps what every policy promises."""

from typing import ClassVar

from pytest_reenact.conformance.policy import PolicyConformance
from reenact_budget import reenact_policies


class TestBudget(PolicyConformance):
    """With limits that hold some back, and limits that hold back none."""

    (offer,) = reenact_policies()
    tables: ClassVar = (
        {"limits": [{"usd": 0.01}]},
        {"limits": [{"tokens": 9_000, "per": ["workflow", "day"], "at_limit": "ask"}]},
        {"limits": [{"tokens": 9_000, "at_limit": "model", "use": "small"}, {"usd": 1_000, "per": []}]},
    )
    changes = frozenset({"model"})
