"""The source of the user's files: statements, what stands in comments, and their trees."""

import ast
import functools
import linecache
import re
from collections.abc import Iterator

import attrs
from reenact.seams import Line

_ALLOW = re.compile(r"#\s*reenact:\s*allow\b")
_HEADED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.For, ast.AsyncFor, ast.While, ast.If)
_HEADED_TOO = (ast.With, ast.AsyncWith, ast.Try, ast.Match)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@attrs.frozen
class Source:
    """A file's source.

    Attributes:
        lines: Its lines.
        tree: Its syntax tree, with each node's ``parent``; None if it cannot be read.
        allowed: The numbers of lines whose findings the user allows.
    """

    lines: list[str]
    tree: ast.Module | None
    allowed: frozenset[int]


@functools.lru_cache(maxsize=1024)
def read(filename: str) -> Source:
    """Return the source of a file; an empty one if there is none."""
    lines = linecache.getlines(filename)
    tree = _parse("".join(lines))
    if tree is None:
        return Source(lines, None, frozenset())
    for node in ast.walk(tree):
        for child in ast.iter_child_nodes(node):
            child.parent = node  # type: ignore[attr-defined]  # ours
    marked = {number for number, text in enumerate(lines, 1) if _ALLOW.search(text)}
    return Source(lines, tree, frozenset(_reach(tree, marked)) if marked else frozenset())


def _parse(text: str) -> ast.Module | None:
    for _ in range(2):
        try:
            return ast.parse(text)
        except (SyntaxError, ValueError, RecursionError):
            return None
        except SystemError:  # before 3.11.8 and 3.12.2: the collector came in between, and parsed too
            continue
    return None


def _reach(tree: ast.Module, marked: set[int]) -> Iterator[int]:
    """Yield the lines that marked ones speak for: their statement, and on a function's head all of it."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.stmt):
            continue
        head = _head(node)
        if marked.isdisjoint(head):
            continue
        yield from head
        if isinstance(node, _FUNCTIONS):
            yield from range(head.start, (node.end_lineno or node.lineno) + 1)


def _head(node: ast.stmt) -> range:
    """Return the lines of a statement, without the statements in it."""
    first = node.lineno
    if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
        first = min([first, *(decorator.lineno for decorator in node.decorator_list)])
    if isinstance(node, (*_HEADED, *_HEADED_TOO)):
        start = node.cases[0].pattern.lineno if isinstance(node, ast.Match) else node.body[0].lineno
        return range(first, max(start, first + 1))
    return range(first, (node.end_lineno or first) + 1)


def is_allowed(lines: tuple[Line, ...]) -> bool:
    """Say whether one of the lines that led to something, or its function, says ``# reenact: allow``."""
    return any(line.line in read(line.file).allowed for line in lines)
