"""``reenact ls``: the runs there are."""

import time
from typing import TYPE_CHECKING

import attrs
import click

from reenact_cli.session import Session, verb
from reenact_cli.spans import Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reenact.desk import Desk
    from reenact.records import RunRecord
    from reenact.stores import RunFilter

_STATUSES = ("running", "waiting", "in_doubt", "succeeded", "failed", "cancelled")


@verb("ls", short_help="List runs.")
@click.option(
    "--status", "statuses", multiple=True, type=click.Choice(_STATUSES), help="Only runs that are this."
)
@click.option("--workflow", default="", metavar="NAME", help="Only runs of this workflow.")
@click.option(
    "--since", type=Span(), default=0, metavar="SPAN", help="Only runs started within, such as 12h or 7d."
)
@click.option(
    "--lost", is_flag=True, help="Only runs that no live process has and that 'recover' would take up."
)
@click.option("--all", "children", is_flag=True, help="Runs that other runs started, too.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="At most so many.")
def ls(
    session: Session,
    statuses: tuple[str, ...],
    workflow: str,
    since: int,
    lost: bool,
    children: bool,
    limit: int,
) -> int:
    """List runs, newest first."""
    from reenact.stores import RunFilter

    which = RunFilter(
        status=("running", "waiting") if lost and not statuses else statuses,
        workflow=workflow,
        since_ns=time.time_ns() - since * 10**9 if since else 0,
        limit=limit,
        ownerless=lost,
        roots=not children,
    )
    return session.run(lambda: _ls(session, which))


async def _ls(session: Session, which: "RunFilter") -> int:
    from reenact_cli.journals import run_json
    from reenact_cli.output import say_json, tell

    file = session.journal_file()
    records: Sequence[RunRecord] = ()
    stopped: set[str] = set()
    if file is None or file.exists():
        async with session.desk() as desk:
            records = await desk.list(which)
            stopped = await _stopped(desk, which)
    if session.as_json:
        say_json({"runs": [run_json(one) | {"stopped": one.id in stopped} for one in records]})
        return 0
    if not records:
        tell(
            "no runs"
            if file is None or file.exists()
            else "no runs yet; 'reenact run FILE.py:FUNCTION' makes one"
        )
    else:
        _print(records, stopped)
        if len(records) == which.limit:
            tell(f"the newest {which.limit}; --limit shows more")
    return 0


async def _stopped(desk: "Desk", which: "RunFilter") -> set[str]:
    """Return the runs that are said to be running, and that no live process has."""
    free = await desk.list(attrs.evolve(which, status=("running",), ownerless=True))
    return {record.id for record in free}


def _print(records: "Sequence[RunRecord]", stopped: set[str]) -> None:
    from rich.table import Table
    from rich.text import Text

    from reenact_cli import words
    from reenact_cli.output import draw
    from reenact_cli.tree import MARKS

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for name, least in (("id", 16), ("workflow", 6), ("status", 11)):
        table.add_column(name, no_wrap=True, overflow="ellipsis", min_width=least)
    for name in ("age", "steps", "tokens", "cost"):
        table.add_column(name, no_wrap=True, justify="right")
    table.add_column("waits for", no_wrap=True, overflow="ellipsis", ratio=1)
    now_ns = time.time_ns()
    for record in records:
        mark, style = MARKS[record.status]
        table.add_row(
            Text(words.clean(record.id)),
            Text(words.clean(record.workflow, 40)),
            Text(f"{mark} {record.status.value}", style=style),
            Text(words.duration(now_ns - record.created_ns)),
            Text(_steps(record)),
            Text(words.tokens(record.tokens_in, record.tokens_out)),
            Text(words.cost(record.cost_usd)),
            Text(words.clean(_waits_for(record, stopped), 120)),
        )
    draw(table)


def _steps(record: "RunRecord") -> str:
    """Return how many steps have succeeded; nothing for a run that has not counted them yet."""
    from reenact.records import Status

    return "" if record.status is Status.RUNNING else f"{record.steps:,}"


def _waits_for(record: "RunRecord", stopped: set[str]) -> str:
    return "resume: no process has it" if record.id in stopped else record.waits_for
