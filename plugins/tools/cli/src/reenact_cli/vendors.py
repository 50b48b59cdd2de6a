"""What is known of the providers of models without asking them, and what they say when they are asked.

A provider is opened to look at it, which connects nowhere. What it can do besides answering it says by
the optional parts of its seam. A key is known by the name of its variable only.
"""

import os
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

import attrs
from reenact.errors import ReenactError, UsageError, did_you_mean
from reenact.llm import Usage
from reenact.models import Target, targets_of
from reenact.opening import named_providers, plugin_of, provider_options
from reenact.plugins import Offered
from reenact.runtime import Runtime
from reenact.seams import Counting, Provider, Reachable

from reenact_cli.session import Session

PING_S = 60.0
"""The longest that an answer to a ping is waited for, in seconds."""

_ABILITIES = {
    "stream": "streams",
    "tools": "tools",
    "output_schema": "schemas",
    "images": "images",
    "seed": "seeds",
}


@attrs.frozen(kw_only=True)
class PingAnswer:
    """What became of a ping.

    Attributes:
        ok: Whether there was an answer.
        problem: Why not, if not.
        model: The model as it calls itself.
        took_ns: How long it took, in nanoseconds.
        tokens_in: Tokens read.
        tokens_out: Tokens written.
        cost_usd: Its price as a decimal number; empty if unknown.
        run_id: The run it is.
    """

    ok: bool
    problem: str = ""
    model: str = ""
    took_ns: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: str = ""
    run_id: str = ""


@attrs.define(kw_only=True)
class Vendor:
    """A provider, as it is configured.

    Attributes:
        name: What the configuration calls it.
        plugin: The plugin that serves it.
        distribution: Where that comes from.
        configured: Whether the configuration names it.
        models: Its models in the configuration, each once.
        abilities: What it does, in words.
        address: Where it asks; empty if it does not say.
        key_env: The variable its key is in; empty if it sends none.
        key_present: Whether that is set.
        problem: Why it cannot be opened.
        answer: What became of a ping.
    """

    name: str
    plugin: str
    distribution: str = ""
    configured: bool
    models: list[str] = attrs.field(factory=list)
    abilities: list[str] = attrs.field(factory=list)
    address: str = ""
    key_env: str = ""
    key_present: bool = False
    problem: str = ""
    answer: PingAnswer | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it as ``--json`` shows it."""
        made = attrs.asdict(self, filter=lambda field, _: not field.name.startswith(("key", "answer")))
        made["key"] = {"env": self.key_env, "present": self.key_present} if self.key_env else None
        if self.answer is not None:
            made["ping"] = attrs.asdict(self.answer) | {"cost_usd": self.answer.cost_usd or None}
        return made


async def look(session: Session, names: Sequence[str] = ()) -> list[Vendor]:
    """Return the providers that are named: those of the configuration first, then those that are offered.

    Args:
        session: The command's shared options.
        names: Only these; all if empty.

    Raises:
        UsageError: If nobody is called so.
    """
    config = session.config
    served = {plugin_of(config, name) for name in named_providers(config)}
    offered = [one.offer.name for one in session.plugins.offers("provider")]
    known = [*named_providers(config), *(name for name in offered if name not in served)]
    for name in names:
        if name not in known:
            listed = ", ".join(known) or "none"
            raise UsageError(
                f"there is no provider {name!r}{did_you_mean(name, known)} (there are: {listed})"
            )
    return [await _vendor(session, name) for name in known if not names or name in names]


async def _vendor(session: Session, name: str) -> Vendor:
    config = session.config
    asked = [target for alias in config.models for target in targets_of(config.models, alias)]
    made = Vendor(
        name=name,
        plugin=str(plugin_of(config, name)),
        configured=name in named_providers(config),
        models=list(dict.fromkeys(target.model for target in asked if target.provider == name)),
    )
    try:
        offered, options = provider_options(config, session.plugins, name)
        async with AsyncExitStack() as stack:
            await _describe(made, offered, await stack.enter_async_context(offered.offer.open(options)))
    except ReenactError as error:
        made.problem = str(error)
    except Exception as error:  # whatever a plugin does when it is opened
        made.problem = f"{type(error).__name__}: {error}"
    return made


async def _describe(made: Vendor, offered: Offered, provider: Provider) -> None:
    made.distribution = offered.distribution
    able = provider.capabilities
    made.abilities = [word for field, word in _ABILITIES.items() if getattr(able, field)]
    if isinstance(provider, Counting):
        made.abilities.append("counts tokens")
    if isinstance(provider, Reachable):
        made.address, made.key_env = provider.address, provider.key_env
        made.key_present = bool(os.environ.get(provider.key_env, "").strip())


# --- asking ---------------------------------------------------------------------------------------


async def ask(runtime: Runtime, vendor: Vendor) -> PingAnswer:
    """Ask the cheapest configured model of a provider for a word, as a run."""
    from reenact_cli.chatting import ping, target_of

    if not vendor.models:
        return PingAnswer(
            ok=False, problem=f"[models] names no model of it: add one, such as {vendor.name}:MODEL"
        )
    model = await _cheapest(runtime, vendor)
    began_ns = time.monotonic_ns()
    handle = await runtime.start(ping, kwargs={"model": str(model)}, target=target_of("ping"))
    run = await handle.wait()
    record = run.record
    return PingAnswer(
        ok=run.error is None,
        problem="" if run.error is None else str(run.error) or type(run.error).__name__,
        model=str(run.output) if run.error is None else str(model),
        took_ns=time.monotonic_ns() - began_ns,
        tokens_in=record.tokens_in,
        tokens_out=record.tokens_out,
        cost_usd=record.cost_usd,
        run_id=record.id,
    )


async def _cheapest(runtime: Runtime, vendor: Vendor) -> Target:
    """Return the model whose price for a word is the lowest; the first if no price is known."""
    provider = await runtime.models.provider(vendor.name)
    targets = [Target(vendor.name, model) for model in vendor.models]
    word = Usage(input_tokens=10, output_tokens=10)
    costs = {target: runtime.models.cost(target, provider, word) for target in targets}
    return min(targets, key=lambda target: (costs[target] is None, costs[target] or 0))
