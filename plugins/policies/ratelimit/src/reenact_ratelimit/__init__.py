"""No more requests, or tokens, than a vendor allows in a window.

In the stage *admit* each attempt of a call takes a slot, which it holds until the window after
it is over. The slots are in the store's ledger: every process that shares the store counts
against the same limits, and so does one that is started again. An attempt for which there is
no slot yet gets one in the future and waits for it, on record, or is refused.
"""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Literal

import attrs
from reenact.errors import ConfigError
from reenact.hookspecs import hookimpl
from reenact.judging import Policy
from reenact.seams import Offer

__all__ = ["Limit", "RatelimitOptions", "open_ratelimit", "reenact_policies"]

Per = Literal["provider", "model", "workflow", "run", "key"]


def _listed(value: "Per | list[Per]") -> list[Per]:
    return [value] if isinstance(value, str) else list(value)


@attrs.frozen(kw_only=True)
class Limit:
    """``[[policies.ratelimit.limits]]``.

    Attributes:
        requests: Most attempts in any window; no limit if not set.
        tokens: Most tokens in any window, read and written; no limit if not set.
        window_s: How long a window is, in seconds.
        provider: Which providers' calls count; ``*``, ``?`` and ``[ab]`` as in file names.
        model: Which models' calls count, by the vendor's names; as in *provider*.
        workflow: Which workflows' calls count; as in *provider*.
        per: What has a count of its own: each ``provider``, ``model``, ``workflow``, ``run`` or
            ``key``. A key is what stands before the first ``:`` in the id of the outermost run,
            such as ``acme`` in ``acme:order-17``. One of them, or a list; one count for all if empty.
        name: Limits of one name have one count, whatever they are called otherwise.
        wait_s: The longest wait for a slot, in seconds; that of the policy if not set.
    """

    requests: int | None = attrs.field(
        default=None, validator=attrs.validators.optional(attrs.validators.ge(1))
    )
    tokens: int | None = attrs.field(
        default=None, validator=attrs.validators.optional(attrs.validators.ge(1))
    )
    window_s: float = attrs.field(default=60.0, validator=attrs.validators.gt(0))
    provider: str = "*"
    model: str = "*"
    workflow: str = "*"
    per: Per | list[Per] = attrs.field(factory=list, converter=_listed)
    name: str = ""
    wait_s: float | None = attrs.field(
        default=None, validator=attrs.validators.optional(attrs.validators.ge(0))
    )

    def __attrs_post_init__(self) -> None:
        if self.requests is None and self.tokens is None:
            raise ConfigError("it limits nothing; give 'requests', 'tokens' or both")


@attrs.frozen(kw_only=True)
class RatelimitOptions:
    """``[policies.ratelimit]``.

    Attributes:
        limits: The limits; all that match a call hold for it.
        wait_s: The longest wait for a slot, in seconds; 0 to refuse at once.
        output_tokens: How many tokens an answer is taken to have at most, if the request does not say.
    """

    limits: list[Limit] = attrs.field(validator=attrs.validators.min_len(1))
    wait_s: float = attrs.field(default=60.0, validator=attrs.validators.ge(0))
    output_tokens: int = attrs.field(default=1024, validator=attrs.validators.ge(0))


@asynccontextmanager
async def open_ratelimit(options: RatelimitOptions) -> AsyncIterator[Policy]:
    """Open the policy."""
    from reenact_ratelimit.policy import RatelimitPolicy

    yield RatelimitPolicy(options)


@hookimpl
def reenact_policies() -> Iterable[Offer[Policy]]:
    """Offer the policy ``ratelimit``."""
    yield Offer("ratelimit", open_ratelimit, RatelimitOptions, doc="requests and tokens per window")
