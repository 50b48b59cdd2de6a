"""Which code it is: a hash of the source of a workflow and of what it names.

It tells people that a run was made by other code than theirs, and nothing depends on it: what
matters to a replay is what the code asks for.
"""

import hashlib
import inspect
import linecache
import types
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import PurePath
from typing import Any

CODE_HEX = 32


@lru_cache(maxsize=1024)
def source_hash(fn: Callable[..., Any]) -> str:
    """Return the hash of the source of *fn*, and of the functions it names that stand beside it.

    Those are functions, steps, tools and workflows in files in the folder of *fn* or below, as they
    stand in the files now, and what they name in turn.

    Args:
        fn: A function.

    Returns:
        32 hex digits; empty if the source is not there, as in an interactive session.
    """
    function = inspect.unwrap(fn)
    if not isinstance(function, types.FunctionType):
        return ""
    folder = PurePath(function.__code__.co_filename).parent
    found = {function: _source(function)}
    waiting = [function]
    while waiting:
        for named in _named(waiting.pop()):
            if named not in found and PurePath(named.__code__.co_filename).is_relative_to(folder):
                found[named] = _source(named)
                waiting.append(named)
    if not found[function]:
        return ""
    spelled = sorted(f"{one.__qualname__}\n{source}\n" for one, source in found.items())
    return hashlib.sha256("".join(spelled).encode("utf-8", "replace")).hexdigest()[:CODE_HEX]


def _source(function: types.FunctionType) -> str:
    """Return the lines of a function, less what stands at their ends."""
    code = function.__code__
    last = max((line for part in _parts(code) for line in _lines(part)), default=code.co_firstlineno)
    lines = linecache.getlines(code.co_filename, function.__globals__)[code.co_firstlineno - 1 : last]
    return "\n".join(line.rstrip() for line in lines)


def _lines(code: types.CodeType) -> Iterator[int]:
    return (end for _, end, _, _ in code.co_positions() if end is not None)


def _parts(code: types.CodeType) -> Iterator[types.CodeType]:
    """Yield a code object and those of the functions and comprehensions in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _parts(constant)


def _named(function: types.FunctionType) -> Iterator[types.FunctionType]:
    """Yield the functions that *function* names: globals, of modules it names, and of its closure."""
    names = {name for part in _parts(function.__code__) for name in part.co_names}
    globals_ = function.__globals__
    things = [globals_[name] for name in names if name in globals_]
    for module in [thing for thing in things if isinstance(thing, types.ModuleType)]:
        things += [vars(module)[name] for name in names if name in vars(module)]
    for cell in function.__closure__ or ():
        try:
            things.append(cell.cell_contents)
        except ValueError:
            continue  # not yet assigned
    for thing in things:
        unwrapped = getattr(thing, "__wrapped__", thing)
        if isinstance(unwrapped, types.FunctionType):
            yield unwrapped
