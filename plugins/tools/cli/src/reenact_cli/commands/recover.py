"""``reenact recover``: resume all runs whose process is gone."""

import asyncio
from typing import TYPE_CHECKING, Any

import click

from reenact_cli.session import Session, model_option, verb

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reenact.records import RunRecord
    from reenact.runtime import Runtime
    from reenact.views import Run
    from reenact.workflows import Workflow

AT_ONCE = 100
"""How many runs are taken up at the same time."""


@verb("recover", short_help="Resume all runs whose process is gone.")
@click.argument("targets", nargs=-1)
@model_option
def recover(session: Session, targets: tuple[str, ...]) -> int:
    """Resume every run that has not ended and that no live process has.

    TARGETS say where workflows are. Those on record are used too, as in 'resume': only from
    inside the project's folder. Exits with 1 if a run failed or could not be taken up, with 5
    if one is in doubt, else with 0.
    """
    return session.run(lambda: _recover(session, targets))


async def _recover(session: Session, targets: "Sequence[str]") -> int:
    from reenact_cli.driving import warn_if_in_memory
    from reenact_cli.progress import PlainProgress

    file = session.journal_file()
    if file is not None and not file.exists():
        return _conclude(session, [])
    named = _named(session, targets)
    async with session.runtime() as runtime:
        warn_if_in_memory(runtime)
        if not session.as_json:
            runtime.observe(_Several(PlainProgress))
        return _conclude(session, await _resume_all(session, runtime, named))


async def _resume_all(
    session: Session, runtime: "Runtime", named: "Sequence[Workflow[..., Any]]"
) -> "list[Run | BaseException]":
    """Resume what is lost, each run with its own code.

    The runtime tells workflows apart by name. Where two files have workflows of one name, runs are
    resumed one by one instead, since it would give some of them the code of others.
    """
    from reenact.stores import RunFilter

    which = RunFilter(status=("running", "waiting"), ownerless=True, limit=1_000_000, roots=True)
    lost = await runtime.store.list(which)
    code = _code(session, lost, {one.spec.name: one for one in named})
    by_name: dict[str, set[int]] = {}
    for record in lost:
        by_name.setdefault(record.workflow, set()).add(id(code[record.id]))
    if all(len(found) == 1 for found in by_name.values()):
        return await runtime.recover([one for one in code.values() if not isinstance(one, Exception)])
    places = asyncio.Semaphore(AT_ONCE)
    return await asyncio.gather(*(_resume_one(runtime, record, code[record.id], places) for record in lost))


async def _resume_one(
    runtime: "Runtime", record: "RunRecord", code: "Workflow[..., Any] | Exception", places: asyncio.Semaphore
) -> "Run | BaseException":
    if isinstance(code, Exception):
        return code
    async with places:
        try:
            return await runtime.resume(record.id, code, suspend=True)
        except Exception as error:
            return error


def _code(
    session: Session, lost: "Sequence[RunRecord]", named: "Mapping[str, Workflow[..., Any]]"
) -> "dict[str, Workflow[..., Any] | Exception]":
    """Return the code of each run: what is named on the command line, else what the run names itself."""
    from reenact.errors import UsageError

    from reenact_cli.targets import load_recorded

    loaded: dict[str, Any] = {}
    for record in lost:
        if record.workflow not in named and record.target not in loaded:
            try:
                loaded[record.target] = load_recorded(record.target, session.root, record.id)
            except UsageError as error:
                loaded[record.target] = error
    return {one.id: named.get(one.workflow) or loaded[one.target] for one in lost}


class _Several:
    """Shows many runs at once, each by its own lines."""

    def __init__(self, make: Any) -> None:
        self._make = make
        self._shown: dict[str, Any] = {}

    def __call__(self, run: Any, entries: Any) -> None:
        """Take entries, as the runtime's observer."""
        if run.parent:
            return
        if run.id not in self._shown:
            self._shown[run.id] = self._make()
            self._shown[run.id].began(run.id)
        self._shown[run.id].take(run, entries)


def _named(session: Session, targets: "Sequence[str]") -> "list[Workflow[..., Any]]":
    from reenact_cli.targets import load_target

    return [load_target(target, session.root)[0] for target in targets]


def _conclude(session: Session, ended: "Sequence[Any]") -> int:
    from reenact.records import Status

    from reenact_cli import codes
    from reenact_cli.driving import ended_json
    from reenact_cli.output import say, say_json
    from reenact_cli.report import error_json
    from reenact_cli.words import clean

    if session.as_json:
        say_json(
            {
                "runs": [
                    {"error": error_json(e)} if isinstance(e, BaseException) else ended_json(e, [])
                    for e in ended
                ]
            }
        )
    else:
        for one in ended:
            if isinstance(one, BaseException):
                say(f"not taken up  {clean(one)}")
            else:
                waits = f", for {one.record.waits_for}" if one.record.waits_for else ""
                say(f"{one.status.value:<12}  {clean(one.id)}  {clean(one.record.workflow)}{clean(waits)}")
        if not ended:
            say("nothing to recover")
    found = [Status.FAILED if isinstance(one, BaseException) else one.status for one in ended]
    if Status.FAILED in found:
        return codes.FAILED
    return codes.IN_DOUBT if Status.IN_DOUBT in found else codes.OK
