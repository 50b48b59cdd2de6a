"""``reenact check``: does the code of this tree still do what is on record? The gate before a deploy."""

import sys
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
from reenact import hookimpl
from reenact_cli.plugin import Session, UsageError, argument, codes, option, say_json, verb

if TYPE_CHECKING:
    from reenact.records import RunRecord
    from reenact.runtime import Runtime

    from reenact_inspect.checks import Checked, CheckReport, Find

    Opened = tuple[Runtime, Sequence[RunRecord], Sequence[Checked]]
    """A runtime, the runs to check in it, and the files that are none."""


@hookimpl
def reenact_commands() -> Iterable[Any]:
    """Offer the command."""
    return [check]


@verb("check", short_help="Try recorded runs on the code of this tree.")
@argument("what", nargs=-1, metavar="[RUN | FILE | DIR]...")
@option("--unfinished", is_flag=True, help="All runs that have not ended; so it is without RUN, too.")
@option("--all", "every", is_flag=True, help="All runs of the journal.")
@option("--module", metavar="MODULE", help="Look for workflows in this module or FILE.py.")
def check(session: Session, what: tuple[str, ...], unfinished: bool, every: bool, module: str | None) -> int:
    """Replay runs on the code of this tree; call nothing, write nothing.

    Each run is tried, also after one has diverged. FILE is a run that was exported, DIR a folder of
    them. A run's code is where it was started from, as long as that lies in the project's folder;
    --module names another place.

    Exits with 3 if one diverges, with 1 if one could not be tried, with 0 if all agree.
    """
    if sum([bool(what), unfinished, every]) > 1:
        raise UsageError("give RUN, FILE or DIR, or --unfinished, or --all; not several of them")
    wanted = Wanted.sorted_out(what, every=every)
    return session.run(lambda: _check(session, wanted, module))


@attrs.frozen
class Wanted:
    """What is to be checked.

    Attributes:
        runs: Runs of the journal.
        files: Exported runs.
        every: All runs of the journal.
    """

    runs: Sequence[str] = ()
    files: Sequence[Path] = ()
    every: bool = False

    @classmethod
    def sorted_out(cls, what: Sequence[str], *, every: bool) -> "Wanted":
        """Tell runs from files and folders."""
        runs: list[str] = []
        files: list[Path] = []
        for one in what:
            path = Path(one)
            if path.is_dir():
                files += _exported(path)
            elif path.is_file():
                files.append(path)
            else:
                runs.append(one)
        if runs and files:
            raise UsageError("give runs of the journal or exported ones, not both")
        return cls(runs, files, every)


def _exported(folder: Path) -> list[Path]:
    found = sorted(path for path in folder.iterdir() if path.suffix == ".json" and path.is_file())
    if not found:
        raise UsageError(f"there is no exported run (.json) in {folder}")
    return found


async def _check(session: Session, wanted: Wanted, module: str | None) -> int:
    from reenact_inspect.checks import check_records

    async with _opened(session, wanted) as (runtime, records, refused):
        find = await _finder(session, runtime, records, module)
        report = await check_records(runtime, records, find=find)
    report = attrs.evolve(report, runs=[*report.runs, *refused])
    _say(session, report)
    if report.with_verdict("diverges"):
        return codes.DIVERGED
    return codes.OK if report.agrees else codes.FAILED


@asynccontextmanager
async def _opened(
    session: Session, wanted: Wanted
) -> "AsyncIterator[tuple[Runtime, Sequence[RunRecord], Sequence[Checked]]]":
    """Open what holds the runs: the journal, or one in memory for exported runs.

    No policy and no exporter is opened: a replay asks the ones and tells the others nothing.
    """
    from reenact.runtime import Runtime

    from reenact_inspect.checks import with_children

    config = attrs.evolve(
        session.config, exporters={}, policies=attrs.evolve(session.config.policies, chain=[])
    )
    async with AsyncExitStack() as stack:
        if wanted.files:
            config = attrs.evolve(
                config,
                journal=attrs.evolve(config.journal, store="sqlite"),
                journal_options={"path": ":memory:"},
            )
        else:
            async with session.desk():
                pass  # says that there is no journal, and makes none
        runtime = await stack.enter_async_context(Runtime.open(config, plugins=session.plugins))
        records, refused = await _records(runtime, wanted)
        yield runtime, await with_children(runtime, records), refused


async def _records(runtime: "Runtime", wanted: Wanted) -> "tuple[Sequence[RunRecord], Sequence[Checked]]":
    """Return the runs that are meant, and the files that are none."""
    from reenact.stores import RunFilter

    from reenact_inspect.checks import ALL, unfinished
    from reenact_inspect.exported import take_in

    if wanted.files:
        return await take_in(runtime.store, wanted.files)
    if wanted.every:
        return list(reversed(await runtime.list(RunFilter(limit=ALL)))), ()
    if wanted.runs:
        return [await runtime.find(one) for one in wanted.runs], ()
    return await unfinished(runtime), ()


async def _finder(
    session: Session, runtime: "Runtime", records: "Sequence[RunRecord]", module: str | None
) -> "Find":
    """Return what finds a run's code: in the module that is named, else where its root was started from."""
    from reenact_cli.plugin import load_place, load_recorded

    from reenact_inspect.checks import known_workflow

    if module is not None:
        load_place(module, session.root)
        return known_workflow
    started = {record.id: record for record in records}
    for root_id in {record.parent.partition("/")[0] for record in records if record.parent}:
        root = started.get(root_id) or await runtime.store.load(root_id)
        started |= {root_id: root} if root is not None else {}

    def find(record: "RunRecord") -> Any:
        root = started.get(record.parent.partition("/")[0], record)
        found = load_recorded(root.target, session.root, root.id)
        return found if root.id == record.id else known_workflow(record)

    return find


def _say(session: Session, report: "CheckReport") -> None:
    from reenact_inspect.commands.check_page import check_page
    from reenact_inspect.commands.page import new_page, show
    from reenact_inspect.spelling import check_json

    if session.as_json:
        say_json(check_json(report))
    else:
        show(check_page(report, new_page(sys.stdout)), sys.stdout)
