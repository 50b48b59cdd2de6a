"""``reenact gc``: runs that ended long ago go, and what only they needed."""

from typing import TYPE_CHECKING

import click

from reenact_cli.session import Session, verb
from reenact_cli.spans import Span

if TYPE_CHECKING:
    from reenact.pruning import Pruned

SHOWN_MAX = 20


@verb("gc", short_help="Remove runs that ended long ago.")
@click.option(
    "--keep",
    type=Span(),
    default="90d",
    show_default=True,
    metavar="SPAN",
    help="Keep runs that ended within, such as 12h or 90d; 0d keeps none.",
)
@click.option("--workflow", default="", metavar="NAME", help="Only runs of this workflow.")
@click.option("--run", "runs", multiple=True, metavar="RUN", help="Only this run, whenever it ended.")
@click.option("--compact", is_flag=True, help="Then write the file anew, without what was deleted.")
@click.option("--dry-run", is_flag=True, help="Only say which they are.")
@click.pass_context
def gc(
    ctx: click.Context,
    session: Session,
    keep: int,
    workflow: str,
    runs: tuple[str, ...],
    compact: bool,
    dry_run: bool,
) -> int:
    """Remove runs that ended long ago, and the content that no other run needs.

    A run and the runs it started go together. What has not ended stays, and so does what a run that
    stays needs. Others may write meanwhile; with --compact they wait until the file is written.
    """
    if compact and dry_run:
        raise click.UsageError("give --compact or --dry-run, not both")
    given = ctx.get_parameter_source("keep")
    if runs and given is click.core.ParameterSource.DEFAULT:
        keep = 0
    return session.run(lambda: _gc(session, keep, workflow, runs, compact=compact, dry_run=dry_run))


async def _gc(
    session: Session, keep: int, workflow: str, runs: tuple[str, ...], *, compact: bool, dry_run: bool
) -> int:
    async with session.desk() as desk:
        pruned = await desk.prune(keep, workflow=workflow, run_ids=runs, dry_run=dry_run)
        if compact:
            await desk.store.compact()
    if session.as_json:
        _say_json(pruned, dry_run=dry_run)
    else:
        _say(pruned, dry_run=dry_run)
    return 1 if runs and not pruned.removed else 0


def _say_json(pruned: "Pruned", *, dry_run: bool) -> None:
    import attrs

    from reenact_cli.journals import run_json
    from reenact_cli.output import say_json

    say_json(
        {
            "dry_run": dry_run,
            "removed": [run_json(one) for one in pruned.removed],
            "kept": [{"run_id": one.record.id, "reason": one.reason} for one in pruned.kept],
            "swept": attrs.asdict(pruned.swept),
        }
    )


def _say(pruned: "Pruned", *, dry_run: bool) -> None:
    from reenact_cli.output import say, tell
    from reenact_cli.words import clean

    for one in pruned.removed[:SHOWN_MAX]:
        say(f"{'would go' if dry_run else 'removed '}  {clean(one.id)}  ({clean(one.workflow)} {one.status})")
    _say_more(len(pruned.removed))
    for left in pruned.kept[:SHOWN_MAX]:
        say(f"kept      {clean(left.record.id)}  ({clean(left.reason)})")
    _say_more(len(pruned.kept))
    what = f"{len(pruned.removed)} runs"
    if dry_run:
        tell(f"{what} would go; nothing was removed")
        return
    swept = pruned.swept
    tell(f"{what}, {swept.rows:,} entries, {swept.blobs:,} pieces of content are gone: {swept.bytes:,} bytes")


def _say_more(count: int) -> None:
    from reenact_cli.output import say

    if count > SHOWN_MAX:
        say(f"          and {count - SHOWN_MAX:,} more; --json lists all")
