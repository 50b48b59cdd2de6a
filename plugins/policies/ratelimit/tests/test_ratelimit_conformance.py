"""The policy does what every policy must."""

from typing import ClassVar

from pytest_reenact.conformance.policy import PolicyConformance
from reenact_ratelimit import reenact_policies

(OFFER,) = reenact_policies()


class TestRatelimit(PolicyConformance):
    """``ratelimit``, patient and strict, in requests and in tokens."""

    offer = OFFER
    tables: ClassVar = (
        {"limits": [{"requests": 1000, "tokens": 10_000_000}]},
        {"limits": [{"requests": 2, "window_s": 60, "per": "provider"}], "wait_s": 600},
        {"limits": [{"tokens": 3_000, "window_s": 10, "per": ["run", "model"]}], "output_tokens": 100},
        {"limits": [{"requests": 1, "window_s": 3600}], "wait_s": 0},
    )
