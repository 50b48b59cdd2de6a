"""``verify``, ``backup``: is it what was written, and a copy of it."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reenact_cli.session import Session, verb

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reenact.desk import Desk


@verb("verify", short_help="Check that journals are what was written.")
@click.argument("run_ids", nargs=-1, metavar="[RUN]...")
@click.option("--all", "every", is_flag=True, help="All runs, which is what happens without RUN.")
def verify(session: Session, run_ids: tuple[str, ...], every: bool) -> int:
    """Read the journals of runs and check every row and all content against its checksum.

    Without RUN all runs, and the structure of the store. Nothing is repaired. Exits with 1 if
    anything is not what was written.
    """
    if every and run_ids:
        raise click.UsageError("give RUN or --all, not both")
    return session.run(lambda: _verify(session, run_ids))


async def _verify(session: Session, run_ids: "Sequence[str]") -> int:
    async with session.desk() as desk:
        named = [(await desk.find(one)).id for one in run_ids]
        structure = [] if named else list(await desk.store.check())
        results = [await _verify_run(desk, one) for one in named or await _all_ids(desk)]
    problems = structure + [r["problem"] for r in results if "problem" in r]
    _say_verified(session, results, structure)
    return 1 if problems else 0


async def _all_ids(desk: "Desk") -> list[str]:
    from reenact.stores import RunFilter

    return [record.id for record in await desk.list(RunFilter(limit=10_000_000))]


async def _verify_run(desk: "Desk", run_id: str) -> dict[str, Any]:
    from reenact.errors import DamagedError

    try:
        return {"run_id": run_id, "rows": await desk.verify(run_id)}
    except DamagedError as error:
        return {"run_id": run_id, "problem": str(error)}


def _say_verified(session: Session, results: list[dict[str, Any]], structure: list[str]) -> None:
    from reenact_cli.output import say, say_json
    from reenact_cli.words import clean

    if session.as_json:
        whole = not structure and not any("problem" in one for one in results)
        say_json({"whole": whole, "store": structure, "runs": results})
        return
    for problem in structure:
        say(f"damaged  store: {clean(problem)}")
    for one in results:
        if "problem" in one:
            say(f"damaged  {clean(one['problem'])}")
    whole_rows = [one["rows"] for one in results if "rows" in one]
    say(f"{len(whole_rows)} of {len(results)} runs are what was written ({sum(whole_rows):,} rows)")


@verb("backup", short_help="Copy the journal while it is in use.")
@click.argument("file")
def backup(session: Session, file: str) -> int:
    """Write a whole copy of the journal to FILE, which must not exist; runs may go on meanwhile."""
    target = Path(file).absolute()
    return session.run(lambda: _backup(session, target))


async def _backup(session: Session, target: Path) -> int:
    from reenact_cli.output import say_json, tell
    from reenact_cli.words import clean

    async with session.desk() as desk:
        await desk.store.backup(str(target))
    if session.as_json:
        say_json({"file": str(target)})
    else:
        tell(f"written  {clean(target)}")
    return 0
