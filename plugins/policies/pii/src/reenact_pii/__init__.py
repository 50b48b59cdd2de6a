"""Personal data and secrets do not leave the process.

In the stage *request* what identifies somebody or lets somebody in is replaced before
the request is stored or sent. In the stage *response*, if ``restore`` is set, the
placeholders in the answer become the values again, for the workflow only.

The detector is of use alone: `find` says what is in a text, `Vault` takes it out and
puts it back, `StreamScrubber` and `StreamRestorer` do so for text in pieces. They are
imported when first asked for: every process imports this module, few use them.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import attrs
from reenact.hookspecs import hookimpl
from reenact.judging import Policy
from reenact.seams import Offer

from reenact_pii.findings import ALL_KINDS, Action, Finding, Kind

if TYPE_CHECKING:
    from reenact_pii.finding import find
    from reenact_pii.policy import PiiPolicy
    from reenact_pii.streams import StreamRestorer, StreamScrubber
    from reenact_pii.vault import Replacement, Scrubbed, Vault, run_key

__all__ = (
    "ALL_KINDS",
    "Action",
    "Finding",
    "Kind",
    "PiiOptions",
    "PiiPolicy",
    "Replacement",
    "Scrubbed",
    "StreamRestorer",
    "StreamScrubber",
    "Vault",
    "find",
    "run_key",
)


Engine: TypeAlias = Literal["own", "presidio"]


def _known_kinds(_options: object, field: "attrs.Attribute[Any]", names: Iterable[str]) -> None:
    unknown = sorted(set(names) - set(Kind))
    if unknown:
        known = ", ".join(sorted(Kind))
        raise ValueError(f"{field.name} names {unknown[0]!r}, which is no kind of value; kinds are {known}")


@attrs.frozen(kw_only=True)
class PiiOptions:
    """What becomes of which values.

    Attributes:
        action: What becomes of a value: ``pseudonymise`` puts a placeholder in its place, ``mask`` its kind,
            ``hash`` a keyed hash; ``deny`` refuses the call; ``keep`` leaves it.
        actions: The same for single kinds, such as ``{SECRET = "deny"}``.
        restore: Whether the workflow gets the values back in place of their placeholders.
        tools: Whether tools get placeholders instead of the values in their arguments.
        min_score: Values found with a lower score (0 to 1) stay.
        secret_env: The environment variable with a secret that keys placeholders and hashes besides
            the run's key. Without it whoever reads the journal can test guesses of a value.
        engine: ``own``, or ``presidio`` to add what Presidio finds, names and places above all;
            needs ``reenact-pii[presidio]``.
        language: The language Presidio reads.
        spacy_model: The installed spaCy model Presidio reads with; without one it knows patterns only.
    """

    action: Action = "pseudonymise"
    actions: Mapping[str, Action] = attrs.field(factory=dict, validator=_known_kinds)
    restore: bool = False
    tools: bool = False
    min_score: float = attrs.field(
        default=0.0, validator=[attrs.validators.ge(0.0), attrs.validators.le(1.0)]
    )
    secret_env: str = ""
    engine: Engine = attrs.field(default="own", validator=attrs.validators.in_(get_args(Engine)))
    language: str = "en"
    spacy_model: str = ""


@asynccontextmanager
async def open_pii(options: PiiOptions) -> AsyncIterator[Policy]:
    """Open the policy.

    Raises:
        ValueError: If ``secret_env`` names a variable that is not set.
        ConfigError: If Presidio or its model is asked for and not installed.
    """
    secret = os.environ.get(options.secret_env, "") if options.secret_env else ""
    if options.secret_env and not secret:
        raise ValueError(
            f"the environment variable {options.secret_env!r}, named by secret_env of the policy pii, is "
            "not set. Set it to a random text, or leave secret_env out"
        )
    from reenact_pii.policy import PiiPolicy

    finder = None
    if options.engine == "presidio":
        from reenact_pii.presidio import open_presidio

        finder = await asyncio.to_thread(open_presidio, options.language, options.spacy_model)
    yield PiiPolicy(options, secret.encode(), finder)


@hookimpl
def reenact_policies() -> Iterable[Offer[Policy]]:
    """Offer the policy ``pii``."""
    yield Offer(
        "pii", open_pii, PiiOptions, version="1", doc="takes personal data and secrets out of requests"
    )


# --- what is imported late ------------------------------------------------------------------------

_LATE = {
    "find": "finding",
    "PiiPolicy": "policy",
    **dict.fromkeys(("StreamRestorer", "StreamScrubber"), "streams"),
    **dict.fromkeys(("Replacement", "Scrubbed", "Vault", "run_key"), "vault"),
}


def __getattr__(name: str) -> Any:
    """Import what is public and not imported yet."""
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LATE[name]}"), name)
