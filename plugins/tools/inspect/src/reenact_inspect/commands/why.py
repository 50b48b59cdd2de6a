"""``reenact why``: what led to a step."""

import sys
from collections.abc import Iterable
from typing import Any

from reenact import hookimpl
from reenact_cli.plugin import Session, argument, codes, option, say_json, verb


@hookimpl
def reenact_commands() -> Iterable[Any]:
    """Offer the command."""
    return [why]


@verb("why", short_help="Show what led to a step.")
@argument("run_id", metavar="RUN")
@argument("path", required=False, default="")
@option("--full", is_flag=True, help="Name everything that came in before, and show every change.")
def why(session: Session, run_id: str, path: str, full: bool) -> int:
    """Show which earlier outcomes the input of the step at PATH is made of, and what those were made of.

    Without PATH the same for what the run returned. What had come in before a step is certain, it is
    on record. That it was used is inferred: its content is found in the input. For a run that was
    forked from another, or is a re-run of it, or in which a step began anew with another input, it
    also shows what of all this has changed.
    """
    return session.run(lambda: _why(session, run_id, path, full=full))


async def _why(session: Session, run_id: str, path: str, *, full: bool) -> int:
    from reenact_inspect.commands.page import new_page, show
    from reenact_inspect.commands.why_page import why_page
    from reenact_inspect.reasons import why as find_reasons
    from reenact_inspect.spelling import why_json

    async with session.desk() as desk:
        found = await find_reasons(desk, run_id, path)
    if session.as_json:
        say_json(why_json(found))
    else:
        show(why_page(found, new_page(sys.stdout), full=full), sys.stdout)
    return codes.OK
