"""``export``, ``import``: runs as files."""

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reenact_cli.session import Session, verb

if TYPE_CHECKING:
    from reenact.errors import RunConflictError
    from reenact.records import RunRecord
    from reenact.stores import Store
    from reenact_portable import Exported, Limits, RunFile

_NOT_ASCII = re.compile("[^\x00-\x7f]+")


@verb("export", short_help="Write a run into one JSON file.")
@click.argument("run_id", metavar="RUN")
@click.option("--out", "-o", metavar="FILE", help="The file; stdout if not given.")
@click.option("--force", is_flag=True, help="Overwrite FILE.")
@click.option("--redact", is_flag=True, help="Leave out what was asked, answered and raised.")
@click.option("--as-test", is_flag=True, help="Write a test that replays it as well; FILE is their folder.")
def export(session: Session, run_id: str, out: str | None, force: bool, redact: bool, as_test: bool) -> int:
    """Write RUN with its child runs and all their content as JSON: nothing else is needed to read it.

    The journal is verified on the way; a damaged run is not exported. A redacted file keeps times,
    names, paths and prices, verifies, and cannot be imported.
    """
    if as_test and redact:
        raise click.UsageError("a redacted run cannot be replayed; give --as-test or --redact, not both")
    if as_test:
        return session.run(lambda: _export_test(session, run_id, Path(out or "."), force=force))
    return session.run(lambda: _export(session, run_id, out, force=force, redact=redact))


async def _export_test(session: Session, run_id: str, folder: Path, *, force: bool) -> int:
    from reenact_portable import spell_run, write_file, write_run

    from reenact_cli.as_test import spell_test
    from reenact_cli.output import say_json, tell
    from reenact_cli.words import clean

    async with session.desk() as desk:
        record = await desk.find(run_id)
        made = spell_test(await desk.show(record.id))
        folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240  # nothing else runs
        data, test = folder / made.data_name, folder / made.test_name
        await write_run(data, spell_run(desk, record), force=force)
        write_file(test, made.test.encode(), force=force)
    if session.as_json:
        say_json({"file": str(data), "test": str(test), "run_id": record.id})
    else:
        tell(f"written  {clean(test)} and {clean(data)}; run it with: pytest {clean(test)}")
    return 0


async def _export(session: Session, run_id: str, out: str | None, *, force: bool, redact: bool) -> int:
    from reenact_portable import export_run, spell_run, write_run

    from reenact_cli.output import say

    async with session.desk() as desk:
        record = await desk.find(run_id)
        if out is None:
            say(as_text((await export_run(desk, record, redact=redact)).data))
            return 0
        exported = await write_run(Path(out), spell_run(desk, record, redact=redact), force=force)
    _say_exported(session, record, exported, out)
    return 0


def _say_exported(session: Session, record: "RunRecord", exported: "Exported", out: str) -> None:
    from reenact_cli.output import say_json, tell
    from reenact_cli.words import clean

    if session.as_json:
        say_json(
            {
                "file": out,
                "run_id": record.id,
                "runs": exported.runs,
                "entries": exported.entries,
                "bytes": exported.size,
            }
        )
    else:
        size = f"{exported.runs} runs, {exported.entries} entries, {exported.size:,} bytes"
        tell(f"written  {clean(out)} ({size})")


def as_text(data: bytes) -> str:
    """Return a document as it may be printed: on a terminal what is not ASCII is escaped, as JSON has it.

    Escaped, it says the same, but is no longer the characters that checksums are over.
    """
    text = data.decode().removesuffix("\n")
    if not sys.stdout.isatty():
        return text
    return _NOT_ASCII.sub(lambda found: json.dumps(found[0])[1:-1], text).replace("\x7f", "\\u007f")


# --- import ---------------------------------------------------------------------------------------


@verb("import", short_help="Take exported runs into the journal.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--as", "run_id", metavar="RUN", help="Call the run this; for one FILE.")
@click.option("--check", is_flag=True, help="Verify the files, and import nothing.")
@click.option(
    "--max-mb",
    type=click.IntRange(1),
    default=256,
    show_default=True,
    metavar="MB",
    help="Refuse longer files; reading takes about three times as much memory.",
)
def import_(session: Session, files: tuple[str, ...], run_id: str | None, check: bool, max_mb: int) -> int:
    """Verify FILEs that 'reenact export' wrote, and take their runs into the journal.

    A run that is there already is left alone. A file that is not whole is refused, and nothing of it
    is taken over; the others are. An unfinished run can be resumed here, and 'recover' takes it up:
    import from those whose inputs you would run. Exits with 1 if a file was refused.
    """
    if run_id is not None and len(files) > 1:
        raise click.UsageError("--as names one run; give one FILE")
    return session.run(lambda: _import(session, files, run_id, check=check, max_mb=max_mb))


async def _import(
    session: Session, files: tuple[str, ...], run_id: str | None, *, check: bool, max_mb: int
) -> int:
    from reenact_portable import Limits

    from reenact_cli.output import say_json

    limits = Limits(file_bytes=max_mb * 1_000_000)
    if check:
        results = [await _taken(None, name, None, limits) for name in files]
    else:
        async with session.store() as store:
            results = [await _taken(store, name, run_id, limits) for name in files]
    if session.as_json:
        say_json({"files": results})
    else:
        _say_imported(results)
    return 1 if any("problem" in one for one in results) else 0


async def _taken(store: "Store | None", name: str, run_id: str | None, limits: "Limits") -> dict[str, Any]:
    """Read one file, and import it if there is a store; say what became of it."""
    from reenact.errors import ReenactError, RunConflictError
    from reenact_portable import import_run, read_file

    try:
        file = read_file(Path(name), limits=limits)
        told = {"file": name, **_facts(file)}
        if store is not None:
            there = await store.load(run_id or file.run.record.id) is not None
            record = await import_run(store, file, run_id=run_id)
            told |= {"run_id": record.id, "status": record.status.value}
            told |= {"imported": not there, "there": there}
    except RunConflictError as error:
        return {"file": name, "problem": _conflict(name, error), "type": type(error).__name__}
    except ReenactError as error:
        return {"file": name, "problem": str(error), "type": type(error).__name__}
    return told


def _conflict(name: str, error: "RunConflictError") -> str:
    """Say of a file that the journal has another run by the id of one in it."""
    return (
        f"{name}: run {error.run_id!r} is in the journal already, with another {error.what}; "
        f"nothing of the file was taken over. Give its run another id: --as RUN"
    )


def _facts(file: "RunFile") -> dict[str, Any]:
    import attrs

    return {
        "run_id": file.run.record.id,
        "workflow": file.run.record.workflow,
        "status": file.run.record.status.value,
        "runs": len(file.runs),
        "entries": sum(len(run.rows) for run in file.runs),
        "reenact": file.reenact,
        "redacted": file.redacted,
        **attrs.asdict(file.about),
    }


def _say_imported(results: list[dict[str, Any]]) -> None:
    from reenact_cli.output import say, tell
    from reenact_cli.words import clean, quoted

    for one in results:
        if "problem" in one:
            say(f"refused   {clean(one['problem'])}")
            continue
        done = "there   " if one.get("there") else "imported" if one.get("imported") else "whole   "
        what = f"{one['workflow']} {one['status']}, {one['runs']} runs, {one['entries']} entries"
        left = "; it was in the journal already, and is left as it is" if one.get("there") else ""
        say(f"{done}  {clean(one['run_id'])}  ({clean(what)}{left})")
        if one.get("imported") and one["status"] in ("running", "waiting", "in_doubt"):
            tell(f"it has not ended: 'reenact resume {quoted(one['run_id'])}' goes on with it")
