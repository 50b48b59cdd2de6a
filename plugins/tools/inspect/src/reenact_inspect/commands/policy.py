"""``reenact policy test``: what would a policy have denied or changed in past runs?"""

import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from reenact import hookimpl
from reenact_cli.plugin import Session, Span, UsageError, argument, codes, option, say_json, verb

if TYPE_CHECKING:
    from reenact.llm import Usage
    from reenact.policy import Member

    from reenact_inspect.playing import Price


@hookimpl
def reenact_commands() -> Iterable[Any]:
    """Offer the command."""
    return [policy]


@click.group("policy", short_help="Try a policy on past runs.")
def policy() -> None:
    """Work on policies."""


@verb("test", short_help="Show what a policy would have denied or changed.")
@argument("what", metavar="FILE.py[:POLICY] | NAME")
@option("--since", type=Span(), default=0, metavar="SPAN", help="Only calls made within, such as 12h or 7d.")
@option("--runs", multiple=True, metavar="RUN", help="Only this run and its child runs; may be repeated.")
@option("--workflow", default="", metavar="NAME", help="Only runs of this workflow and their child runs.")
@option(
    "--examples", type=click.IntRange(0), default=3, show_default=True, help="So many of each kind are shown."
)
def test(session: Session, what: str, since: int, runs: tuple[str, ...], workflow: str, examples: int) -> int:
    """Ask a policy about the calls of past runs; call no model and no tool, write nothing.

    FILE.py holds functions that are policies (all of them are tested, each by itself, unless one is
    named); it is run as your own code. NAME is a policy that is installed, or that a module named in
    the configuration has, with the options of the configuration, in the chain or not.

    Requests are judged as they stand in the journal: as the policies of then left them. Time is that of
    the record: a budget runs out when it would have run out, and a person who is asked says nothing.

    Exits with 1 if the policy failed to decide, or a run could not be read.
    """
    since_ns = time.time_ns() - since * 10**9 if since else 0
    return session.run(lambda: _test(session, what, since_ns, runs, workflow, examples))


policy.add_command(test)


async def _test(
    session: Session, what: str, since_ns: int, runs: Sequence[str], workflow: str, examples: int
) -> int:
    from reenact_inspect.backtests import backtest
    from reenact_inspect.commands.page import new_page, show
    from reenact_inspect.commands.policy_page import policy_page
    from reenact_inspect.spelling import backtest_json

    async with AsyncExitStack() as stack:
        members = await _members(session, what, stack)
        desk = await stack.enter_async_context(session.desk())
        report = await backtest(
            desk,
            members,
            *runs,
            since_ns=since_ns,
            workflow=workflow,
            models=session.config.models,
            price=await _prices(session, stack),
            examples=examples,
        )
    if session.as_json:
        say_json(backtest_json(report))
    else:
        show(policy_page(report, new_page(sys.stdout)), sys.stdout)
    failed = report.unread or any(one.errors for one in report.policies)
    return codes.FAILED if failed else codes.OK


async def _members(session: Session, what: str, stack: AsyncExitStack) -> "list[Member]":
    """Return the policies that are meant."""
    from reenact.opening import open_member

    file, _, name = what.partition(".py:")
    if not what.endswith(".py") and not name:
        return [await open_member(what, session.config, session.plugins, stack)]
    return _in_file(session, Path(f"{file}.py" if name else what), name)


def _in_file(session: Session, file: Path, name: str) -> "list[Member]":
    """Return the policies of a file, or the one of them that is named."""
    from reenact.opening import load_module, own_member, policies_in

    found = policies_in(load_module(str(file.absolute()), session.root))
    chosen = [one for one in found if name in ("", one.name)]
    if not chosen:
        listed = (
            f"it has: {', '.join(one.name for one in found)}" if found else "put @policy above a function"
        )
        called = f" called {name!r}" if name else ""
        raise UsageError(f"there is no policy{called} in {file} ({listed})")
    return [own_member(one, session.config) for one in chosen]


async def _prices(session: Session, stack: AsyncExitStack) -> "Price":
    """Return what calls cost: by the configuration, else by the providers that it names.

    A provider is opened to be asked for its price list, and for nothing else; one that cannot be
    opened here (its key is elsewhere) has none.
    """
    from datetime import UTC, datetime

    from reenact.errors import ReenactError
    from reenact.opening import Providers, named_providers
    from reenact.seams import Priced

    providers = Providers(session.config, session.plugins, stack, {})
    lists: dict[str, Priced] = {}
    for name in named_providers(session.config):
        try:
            opened = await providers.get(name)
        except ReenactError:
            continue
        if isinstance(opened, Priced):
            lists[name] = opened

    def price(provider: str, model: str, usage: "Usage", at_ns: int) -> Decimal | None:
        day = datetime.fromtimestamp(at_ns / 1e9, UTC).date()
        found = session.config.prices.find(f"{provider}:{model}", day)
        if found is None and provider in lists:
            found = lists[provider].price_of(model, day)
        return None if found is None else found.cost(usage)

    return price
