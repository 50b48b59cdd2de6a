"""``reenact providers``: who can be asked, what they can do, and whether they answer."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from reenact_cli.session import Session, verb

if TYPE_CHECKING:
    from reenact_cli.vendors import Vendor


@verb("providers", short_help="Show providers of models, and whether they answer.")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--ping", is_flag=True, help="Ask each that is configured for as little as it can say.")
def providers(session: Session, names: tuple[str, ...], ping: bool) -> int:
    """Show the providers that the configuration names and those that plugins offer.

    A key is shown as the variable it is in, and whether that is set. With --ping the cheapest model
    of [models] that is theirs is asked to say a word, which costs a few tokens and is a run on
    record. Exits with 1 if one does not answer, with 2 if one is not configured as it should be.
    """
    return session.run(lambda: _providers(session, names, ping=ping))


async def _providers(session: Session, names: Sequence[str], *, ping: bool) -> int:
    from reenact_cli.output import say_json
    from reenact_cli.vendors import look

    vendors = await look(session, names)
    if ping:
        await _ping(session, vendors)
    if session.as_json:
        say_json({"providers": [one.as_json() for one in vendors]})
    else:
        _print(vendors)
    if any(one.configured and one.problem for one in vendors):
        return 2
    return 1 if any(one.answer is not None and not one.answer.ok for one in vendors) else 0


async def _ping(session: Session, vendors: "Sequence[Vendor]") -> None:
    import attrs
    from reenact.runtime import Runtime

    from reenact_cli.vendors import PING_S, ask

    once = attrs.evolve(session.config.runtime, llm_attempts=1, llm_timeout_s=PING_S)
    config = attrs.evolve(session.config, runtime=once)
    async with Runtime.open(config, plugins=session.plugins) as runtime:
        for one in vendors:
            if one.configured and not one.problem:
                one.answer = await ask(runtime, one)


def _print(vendors: "Sequence[Vendor]") -> None:
    from reenact_cli.output import say

    for one in vendors:
        for line in _lines(one):
            say(line)
    say("* named by the configuration")


def _lines(one: "Vendor") -> list[str]:
    from reenact_cli.words import clean

    served = f"by {one.plugin}, " if one.plugin != one.name else ""
    lines = [f"{'*' if one.configured else ' '} {clean(one.name):<14} {clean(served + one.distribution)}"]
    facts = {
        "does": ", ".join(one.abilities),
        "asks at": one.address,
        "key": _key(one),
        "models": ", ".join(one.models),
        "problem": one.problem if one.configured else "",
    }
    lines += [f"    {name:<8} {clean(value, 200)}" for name, value in facts.items() if value]
    return lines + ([f"    {'ping':<8} {_answer(one.answer)}"] if one.answer is not None else [])


def _key(one: "Vendor") -> str:
    if not one.key_env:
        return "none is sent" if one.address else ""
    return f"in {one.key_env}, which is {'set' if one.key_present else 'not set'}"


def _answer(answer: Any) -> str:
    from reenact_cli import words

    if not answer.ok:
        return f"✗ {words.clean(answer.problem, 300)}"
    figures = [
        words.clean(answer.model, 60),
        words.duration(answer.took_ns),
        f"{words.tokens(answer.tokens_in, answer.tokens_out)} tokens",
        words.cost(answer.cost_usd) or "free",
        f"run {words.clean(answer.run_id)}",
    ]
    return f"✓ {' · '.join(figures)}"
