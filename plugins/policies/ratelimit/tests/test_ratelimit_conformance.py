"""The policy keeps what every policy promises."""

from typing import ClassVar

from pytest_reenact.conformance.policy import PolicyConformance
from reenact_ratelimit import reenact_policies


class TestRatelimit(PolicyConformance):
    """With limits that hold some back, and limits that hold back none."""

    (offer,) = reenact_policies()
    tables: ClassVar = (
        {
            "limits": [
                {"requests": 3, "window_s": 60.0, "per": ["provider", "model", "workflow", "run", "key"]}
            ]
        },
        {"limits": [{"tokens": 500, "window_s": 1.0}], "wait_s": 0},
        {"limits": [{"requests": 1_000_000, "tokens": 1_000_000_000}]},
    )
