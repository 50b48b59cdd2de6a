"""How the command ends: the code, and what is said about errors.

One clear line for what can happen; the traceback only if it is asked for. With
``--json`` an error is JSON too, on stdout, so that a program which reads the output
reads errors in the same way.
"""

import traceback
from collections.abc import Callable, Sequence
from typing import Any

import click

from reenact_cli.interrupts import INTERRUPTS, Interrupted
from reenact_cli.output import say_json, tell, tell_error
from reenact_cli.words import clean_lines

_USAGE = 2
_FAILED = 1
_SIGINT_CODE = 130


def guarded(run: Callable[[], Any], argv: Sequence[str]) -> int:
    """Call *run* and return the exit code, having said what went wrong."""
    options = argv[: argv.index("--")] if "--" in argv else argv
    as_json, debug = "--json" in options, "--debug" in options
    try:
        result = run()
    except (click.Abort, KeyboardInterrupt) as error:
        return _interrupted(error)
    except click.ClickException as error:
        _report(type(error).__name__, _click_text(error), as_json=as_json)
        return _USAGE if isinstance(error, click.UsageError) else _FAILED
    except Exception as error:
        if debug:
            tell(clean_lines("".join(traceback.format_exception(error)).rstrip()))
        return _failed(error, as_json=as_json)
    return result if isinstance(result, int) else 0


def _interrupted(error: BaseException) -> int:
    stopped = error if isinstance(error, Interrupted) else error.__cause__
    if isinstance(stopped, Interrupted):
        return stopped.exit_code
    return 128 + INTERRUPTS.received if INTERRUPTS.received else _SIGINT_CODE


def _click_text(error: click.ClickException) -> str:
    text = error.format_message()
    ctx = getattr(error, "ctx", None)
    hint = f"\nsee '{ctx.command_path} --help'" if isinstance(ctx, click.Context) else ""
    return f"{text}{hint}"


def _failed(error: Exception, *, as_json: bool) -> int:
    from reenact.errors import ReenactError

    from reenact_cli.codes import of_error

    if isinstance(error, ReenactError):
        _report(type(error).__name__, str(error), as_json=as_json, facts=facts(error))
        return of_error(error)
    kind = type(error).__name__
    text = (
        f"unexpected {kind}: {error}"
        if as_json
        else f"unexpected {kind}: {error}; --debug shows the traceback"
    )
    _report(kind, text, as_json=as_json)
    return _FAILED


def _report(kind: str, message: str, *, as_json: bool, facts: dict[str, Any] | None = None) -> None:
    if as_json:
        say_json({"error": {"type": kind, "message": message, **(facts or {})}})
    else:
        tell_error(message)


def facts(error: BaseException) -> dict[str, Any]:
    """Return an error's attributes, as far as they have a spelling in JSON."""
    import attrs
    from reenact.codec import plain
    from reenact.errors import NotStorableError

    found: dict[str, Any] = {}
    kind: type[Any] = type(error)
    names = [a.name for a in attrs.fields(kind)] if attrs.has(kind) else []
    for name in (*names, "trace_id"):
        value = getattr(error, name, None)
        if value is None or name in ("type", "message"):
            continue
        try:
            found[name] = plain(value)
        except NotStorableError:
            continue
    return found


def error_json(error: BaseException) -> dict[str, Any]:
    """Return an error as ``--json`` shows it."""
    return {"type": type(error).__name__, "message": str(error), **facts(error)}
