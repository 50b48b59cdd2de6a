"""``reenact diff``: two runs side by side."""

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from reenact import hookimpl
from reenact_cli.plugin import Session, argument, codes, option, say_json, verb

if TYPE_CHECKING:
    from reenact_inspect.differences import RunDiff, StepDiff


@hookimpl
def reenact_commands() -> Iterable[Any]:
    """Offer the command."""
    return [diff]


@verb("diff", short_help="Show how two runs differ.")
@argument("a", metavar="A")
@argument("b", metavar="B")
@argument("path", required=False)
@option("--full", is_flag=True, help="Show every difference, however many there are.")
@option("--exit-code", is_flag=True, help="Exit with 3 if they differ.")
def diff(session: Session, a: str, b: str, path: str | None, full: bool, exit_code: bool) -> int:
    """Show how run B differs from run A: where they first part and why, and every step that differs.

    Steps are aligned by where they stand and by what was asked: one that moved is found again by
    its content. With PATH only that step.
    """
    return session.run(lambda: _diff(session, a, b, path, full=full, exit_code=exit_code))


async def _diff(session: Session, a: str, b: str, path: str | None, *, full: bool, exit_code: bool) -> int:
    from reenact_inspect.differences import diff as compare

    async with session.desk() as desk:
        found = await compare(desk, a, b)
    if path is None:
        _say(session, found, full=full)
        return codes.DIVERGED if exit_code and not found.same else codes.OK
    step = _step(found, path)
    _say_step(session, step)
    return codes.DIVERGED if exit_code and step.how != "same" else codes.OK


def _say(session: Session, found: "RunDiff", *, full: bool) -> None:
    from reenact_inspect.commands.diff_page import diff_page
    from reenact_inspect.commands.page import new_page, show
    from reenact_inspect.spelling import diff_json

    if session.as_json:
        say_json(diff_json(found))
    else:
        show(diff_page(found, new_page(sys.stdout), full=full), sys.stdout)


def _say_step(session: Session, step: "StepDiff") -> None:
    from reenact_inspect.commands.diff_page import step_page
    from reenact_inspect.commands.page import new_page, show
    from reenact_inspect.spelling import step_diff_json

    if session.as_json:
        say_json(step_diff_json(step))
    else:
        show(step_page(step, new_page(sys.stdout)), sys.stdout)


def _step(found: "RunDiff", path: str) -> "StepDiff":
    from reenact.errors import UsageError, did_you_mean

    wanted = (path, f"{path}#0")
    for step in found.steps:
        if any(one is not None and one.path in wanted for one in (step.a, step.b)):
            return step
    hint = did_you_mean(path, [step.path for step in found.steps])
    raise UsageError(f"neither run has a step {path!r}{hint}")
