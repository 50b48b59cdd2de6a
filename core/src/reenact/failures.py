"""Exceptions on record, and back.

A failed step raises into the workflow what the record says, live and on replay
alike: an exception of the same type and message, made again without running its
constructor, or a `StepError` where that cannot be done. So ``except`` takes the
same branch both times. No module is imported to find a type: one that is not
loaded cannot stand in an ``except`` clause either.
"""

import builtins
import traceback
from collections.abc import Callable
from typing import Any

import attrs
import msgspec

from reenact.codec import Json, plain
from reenact.errors import NotStorableError, StepError
from reenact.records import Failure

MESSAGE_CHARS_MAX = 10_000

_loaded: dict[str, type[Exception]] = {}


def record_failure(error: BaseException, path: str, *, retryable: bool = False) -> Failure:
    """Return *error* as it goes on record."""
    kind = type(error)
    failure = Failure(
        type=f"{kind.__module__}.{kind.__qualname__}",
        message=_clean(_text_of(error)),
        args=_plain_args(error),
        state=_plain_state(error),
        path=path,
        retryable=retryable,
    )
    return failure if _rebuild(failure) is not None else _without_type(failure)


def ends_process(error: BaseException) -> bool:
    """Say whether *error* is meant for the process, and not for what it came through.

    A kind of ``SystemExit`` that somebody has made is theirs.
    """
    return isinstance(error, (KeyboardInterrupt, GeneratorExit)) or type(error) is SystemExit


def foreign(error: BaseException) -> StepError:
    """Return an error for one that is no ``Exception``, which nobody above would take."""
    return StepError(f"{type(error).__module__}.{type(error).__qualname__}", _text_of(error))


def described_place(error: BaseException) -> str:
    """Return an exception's type and where it was raised, for a log: its words may be an answer's."""
    frames = traceback.extract_tb(error.__traceback__)
    return (
        f"{type(error).__name__} at {frames[-1].filename}:{frames[-1].lineno}"
        if frames
        else type(error).__name__
    )


def _without_type(failure: Failure) -> Failure:
    return Failure(
        type=failure.type,
        message=failure.message,
        path=failure.path,
        retryable=failure.retryable,
        rebuilds=False,
    )


def rewritten(failure: Failure, change: Callable[[Any], Any]) -> Failure:
    """Return *failure* with its message, arguments and attributes changed."""
    return msgspec.structs.replace(
        failure, message=change(failure.message), args=change(failure.args), state=change(failure.state)
    )


def revive(failure: Failure) -> Exception:
    """Return the exception that stands on record as *failure*."""
    error = _rebuild(failure) if failure.rebuilds else None
    return error or StepError(failure.type, failure.message)


def _text_of(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as broken:
        return f"(its message could not be had: {type(broken).__name__})"


def _clean(text: str) -> str:
    return text[:MESSAGE_CHARS_MAX].encode("utf-8", "replace").decode()


def _plain_args(error: BaseException) -> list[Json]:
    given = list(error.args)
    if isinstance(error, OSError) and isinstance(error.filename, str) and len(given) == 2:  # noqa: PLR2004
        given.append(error.filename)  # which a constructor takes, and args leaves out
    try:
        spelled = plain(given)
    except NotStorableError:
        return [_clean(_text_of(error))]
    return spelled if isinstance(spelled, list) else []


def _plain_state(error: BaseException) -> dict[str, Any]:
    fields = dict(vars(error))
    if attrs.has(type(error)):
        fields |= {a.name: getattr(error, a.name) for a in attrs.fields(type(error))}  # type: ignore[arg-type]  # just looked
    kept: dict[str, Any] = {}
    for name, value in fields.items():
        if name.startswith("_") or name == "trace_id":
            continue
        try:
            kept[name] = plain(value)
        except NotStorableError:
            continue
    return kept


def _rebuild(failure: Failure) -> Exception | None:
    kind = _find(failure.type)
    if kind is None:
        return None
    try:
        error = kind.__new__(kind, *failure.args)
        if kind.__init__ in _BUILTIN_INITS:
            error.__init__(*failure.args)  # type: ignore[misc]  # C code: sets errno and the like
        error.args = tuple(failure.args)
        for name, value in failure.state.items():
            setattr(error, name, tuple(value) if isinstance(value, list) else value)
        return error if _clean(str(error)) == failure.message else None
    except Exception:
        return None


_BUILTIN_INITS = frozenset(
    kind.__init__
    for kind in vars(builtins).values()
    if isinstance(kind, type) and issubclass(kind, BaseException)
)


def _find(name: str) -> type[Exception] | None:
    """Return the loaded exception class of that name."""
    found = _loaded.get(name)
    if found is None:
        _loaded.clear()
        todo: list[type[Exception]] = [Exception]
        while todo:
            kind = todo.pop()
            _loaded[f"{kind.__module__}.{kind.__qualname__}"] = kind
            todo.extend(kind.__subclasses__())
        found = _loaded.get(name)
    return found
