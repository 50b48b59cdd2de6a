"""``reenact plugins``: what is installed, what is broken, which policies are in force."""

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

from reenact_cli.session import Session, verb

if TYPE_CHECKING:
    from reenact.plugins import Offered


@verb("plugins", short_help="Show what is installed, and the policies in force.")
def plugins(session: Session) -> int:
    """Show the offers of all installed plugins by seam, the broken ones, and the chain of policies.

    Exits with 2 if the chain cannot be put together as it is configured.
    """
    return session.run(lambda: _plugins(session))


async def _plugins(session: Session) -> int:
    from reenact_cli.output import say_json
    from reenact_cli.root import chosen_commands

    offers = session.plugins.offers()
    commands = sorted(chosen_commands(session.plugins))
    chain, problem = await _chain(session)
    if session.as_json:
        say_json(_as_json(session, offers, commands, chain, problem))
    else:
        _print(session, offers, commands, chain, problem)
    return 2 if problem else 0


async def _chain(session: Session) -> tuple[list[dict[str, Any]], Exception | None]:
    """Return the policies in force, in their order, or why there are none."""
    from reenact.errors import ReenactError
    from reenact.opening import open_chain

    try:
        async with AsyncExitStack() as stack:
            chain = await open_chain(session.config, session.plugins, stack)
            return [_member(one) for one in chain.members], None
    except ReenactError as error:
        return [], error


def _member(member: Any) -> dict[str, Any]:
    return {
        "name": member.name,
        "version": member.version,
        "stages": sorted(getattr(member.policy, "stages", ())),
        "config": member.config,
    }


def _as_json(
    session: Session,
    offers: "list[Offered]",
    commands: list[str],
    chain: list[dict[str, Any]],
    problem: Exception | None,
) -> dict[str, Any]:
    from reenact_cli.report import error_json

    broken = session.plugins.broken
    return {
        "offers": [
            {
                "seam": one.seam,
                "name": one.offer.name,
                "version": one.offer.version,
                "distribution": one.distribution,
                "doc": one.offer.doc,
                "in_use": _in_use(session, one),
            }
            for one in offers
        ],
        "commands": commands,
        "broken": [{"name": b.name, "distribution": b.distribution, "reason": b.reason} for b in broken],
        "disabled": list(session.config.plugins.disabled),
        "chain": chain,
        **({"error": error_json(problem)} if problem else {}),
    }


def _in_use(session: Session, offered: "Offered") -> bool:
    from reenact.opening import named_providers, plugin_of

    config, name = session.config, offered.offer.name
    named = {
        "store": {config.journal.store},
        "provider": {plugin_of(config, one) for one in named_providers(config)},
        "policy": set(config.policies.chain),
        "exporter": set(config.exporters),
        "watch": set(config.watches),
        "executor": {config.runtime.executor},
    }
    return name in named.get(offered.seam, ())


def _print(
    session: Session,
    offers: "list[Offered]",
    commands: list[str],
    chain: list[dict[str, Any]],
    problem: Exception | None,
) -> None:
    from reenact_cli.output import say
    from reenact_cli.words import clean

    seam = ""
    for one in offers:
        if one.seam != seam:
            seam = one.seam
            say(_plural(seam))
        mark = "*" if _in_use(session, one) else " "
        doc = f"  {clean(one.offer.doc)}" if one.offer.doc else ""
        say(f"  {mark} {clean(one.offer.name):<14} {clean(one.distribution)}{doc}")
    if commands:
        say(f"commands\n    {clean(', '.join(commands))}")
    for broken in session.plugins.broken:
        say(f"broken\n  ! {clean(broken.name)} ({clean(broken.distribution)}): {clean(broken.reason)}")
    if session.config.plugins.disabled:
        say(f"disabled\n    {clean(', '.join(session.config.plugins.disabled))}")
    _print_chain(chain, problem)
    say("* named by the configuration")


def _plural(seam: str) -> str:
    return f"{seam[:-1]}ies" if seam.endswith("y") else f"{seam}es" if seam.endswith("h") else f"{seam}s"


def _print_chain(chain: list[dict[str, Any]], problem: Exception | None) -> None:
    from reenact_cli.output import say
    from reenact_cli.words import clean

    say("chain of policies")
    for number, one in enumerate(chain, 1):
        stages = f"  ({', '.join(one['stages'])})" if one["stages"] else ""
        say(f"  {number} {clean(one['name'])} {clean(one['version'])}{stages}")
    if problem is not None:
        say(f"  ! {clean(problem)}")
    elif not chain:
        say("    none; calls go to providers as they are")
