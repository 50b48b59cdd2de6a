"""Where the order of a set gets into a workflow.

The source says where an order is taken: a loop, a comprehension, ``list()``, ``join()``,
unpacking, an f-string. What is iterated there is looked up in the running frame, without
calling anything, when the line is reached: so sets are known to be sets, and sets of
numbers, whose order is the same everywhere, to be harmless. What makes no use of the
order is left out: ``sorted(…)``, ``any(…)``, loops that only add up or gather into a set.
"""

import ast
import builtins
import functools
from collections.abc import Iterable, Iterator, Mapping
from types import FrameType, MemberDescriptorType
from typing import Any, TypeAlias

import attrs

from reenact_determinism.hashes import order_varies, varies
from reenact_determinism.reading import read
from reenact_determinism.sources import UNKNOWN, words

_SETS = (set, frozenset)
_PLAIN = (list, tuple, set, frozenset, dict, str, bytes, range)
_KEYS: tuple[type[Any], ...] = (type({}.keys()), type({}.items()))

_ORDERED_CALLS = words("list tuple enumerate iter zip map filter reversed str repr format")
_ORDERED_CALLS_ELSEWHERE = words("gather as_completed parallel chain islice deque dumps cycle")
_ORDERED_METHODS = words("join extend extendleft fromkeys writelines executemany from_iterable format")
_CARELESS_CALLS = words("any all set frozenset sorted sum min max len Counter bool fsum")
_CARELESS_METHODS = words(
    "union intersection difference symmetric_difference issubset issuperset isdisjoint update "
    "difference_update intersection_update add discard"
)
_SPEAKING = words("print debug info warning error exception critical log")
_SET_METHODS = frozenset(["union", "intersection", "difference", "symmetric_difference", "copy"])
_MAKE_TASKS = ("create_task", "ensure_future")
_SET_OPERATORS = (ast.BitOr, ast.BitAnd, ast.BitXor, ast.Sub)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_WAITS = (ast.Await, ast.Yield, ast.YieldFrom, ast.AsyncFor, ast.AsyncWith)

_BOTH = 2

Elements: TypeAlias = Iterable[Any]
Comprehension: TypeAlias = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


@attrs.frozen
class Site:
    """A place where the order of what is iterated is taken.

    Attributes:
        iterated: The expression.
        use: What is done with it, in words.
        lines: The lines on which it happens.
    """

    iterated: ast.expr
    use: str
    lines: range


@functools.lru_cache(maxsize=1024)
def sites_of(filename: str) -> Mapping[int, tuple[Site, ...]]:
    """Return the sites of a file, by each line on which they can be seen."""
    tree = read(filename).tree
    found: dict[int, list[Site]] = {}
    for node in ast.walk(tree) if tree is not None else ():
        for site in _sites(node):
            for line in site.lines:
                found.setdefault(line, []).append(site)
    return {line: tuple(sites) for line, sites in found.items()}


def by_chance(frame: FrameType, line: int) -> str:
    """Return what takes the order of a set on *line*, in words; empty if nothing does."""
    for site in sites_of(frame.f_code.co_filename).get(line, ()):
        names = _Names(frame)
        elements = names.set_of(site.iterated)
        if elements is not None and order_varies(elements):
            return f"{site.use} a set ({ast.unparse(site.iterated)})"
    return ""


def begun_by_chance(frame: FrameType) -> str:
    """Return what takes the order of a set if *frame* is a comprehension over one that has just begun."""
    code = frame.f_code
    if code.co_name not in ("<listcomp>", "<genexpr>", "<dictcomp>"):
        return ""
    elements = _rest(frame.f_locals.get(".0"))
    if elements is None or not order_varies(elements):
        return ""
    tree = read(code.co_filename).tree
    nodes = [node for node in ast.walk(tree) if isinstance(node, _COMPREHENSIONS)] if tree else []
    here = [node for node in nodes if node.lineno == code.co_firstlineno]
    careless = here and all(_is_careless(node) for node in here)
    return "" if careless else f"a comprehension over a set ({_iterated(here)})"


def hash_varies(frame: FrameType, hashed: Any) -> bool:
    """Say whether ``hash()`` of *hashed* varies; what cannot be seen is looked up on the line of the call."""
    if hashed is not UNKNOWN:
        return varies(hashed)
    tree, names = read(frame.f_code.co_filename).tree, _Names(frame)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)] if tree is not None else []
    here = [node for node in calls if node.lineno == frame.f_lineno and _name_of(node.func)[0] == "hash"]
    values = [names.value_of(node.args[0]) for node in here if node.args]
    return not values or any(value is UNKNOWN or varies(value) for value in values)


def _iterated(nodes: list[Comprehension]) -> str:
    return ast.unparse(nodes[0].generators[0].iter) if len(nodes) == 1 else "…"


def _rest(iterator: Any) -> Elements | None:
    """Return what an iterator of a set has left, leaving it there; None if it is none of a set's."""
    if type(iterator) in _SETS:
        return iterator  # type: ignore[no-any-return]  # a set
    if type(iterator).__name__ != "set_iterator":
        return None
    rest: list[Any] = iterator.__reduce__()[1][0]
    return rest


# --- where orders are taken -----------------------------------------------------------------------


def _sites(node: ast.AST) -> Iterator[Site]:
    if isinstance(node, ast.For):
        if not _commutes(node.body):
            yield _site(node.iter, "a loop over", node, node.iter)
    elif isinstance(node, _COMPREHENSIONS):
        if not _is_careless(node):
            yield from (_site(one.iter, "a comprehension over", node, one.iter) for one in node.generators)
    elif isinstance(node, ast.Starred) and isinstance(node.ctx, ast.Load):
        if not isinstance(_parent(node), ast.Set) and not _is_careless(_parent(node)):
            yield _site(node.value, "unpacking", node)
    elif isinstance(node, ast.Assign) and isinstance(node.targets[0], (ast.Tuple, ast.List)):
        yield _site(node.value, "unpacking", node)
    elif isinstance(node, ast.FormattedValue):
        if not _is_said(node):
            yield _site(node.value, "an f-string of", node)
    elif isinstance(node, ast.YieldFrom):
        yield _site(node.value, "yield from", node)
    elif isinstance(node, ast.Call):
        yield from _call_sites(node)


def _call_sites(node: ast.Call) -> Iterator[Site]:
    name, method = _name_of(node.func)
    if method and name == "pop" and not node.args:
        yield _site(node.func.value, "pop() from", node)  # type: ignore[attr-defined]  # an attribute
    if _is_careless(node) or _is_said(node):
        return
    if (
        (name in _ORDERED_CALLS and not method)
        or name in _ORDERED_CALLS_ELSEWHERE
        or (method and name in _ORDERED_METHODS)
    ):
        yield from (_site(one, f"{name}() of", node) for one in node.args)


def _site(iterated: ast.expr, use: str, node: ast.AST, *more: ast.AST) -> Site:
    statement = node
    while not isinstance(statement, ast.stmt):
        statement = _parent(statement)
    spans = [(one.lineno, one.end_lineno or one.lineno) for one in (node, *more) if isinstance(one, ast.expr)]
    first = min(
        [statement.lineno if isinstance(statement, ast.For) else iterated.lineno, *(s[0] for s in spans)]
    )
    last = max([iterated.end_lineno or first, *(s[1] for s in spans)])
    return Site(iterated, use, range(first, last + 1))


def _firsts(parts: Iterable[ast.expr]) -> list[int]:
    return [one.lineno for one in parts]


def _parent(node: ast.AST) -> Any:
    return node.parent  # type: ignore[attr-defined]  # set by `read`


def _name_of(function: ast.expr) -> tuple[str, bool]:
    """Return the name that is called, and whether it is a method's or a module's."""
    if isinstance(function, ast.Attribute):
        return function.attr, True
    return (function.id, False) if isinstance(function, ast.Name) else ("", False)


def _is_careless(node: ast.AST) -> bool:
    """Say whether what *node* makes is used without regard to its order."""
    if isinstance(node, ast.SetComp):
        return True
    if isinstance(node, ast.DictComp):  # whoever iterates it makes use of the order, but few do
        return not any(isinstance(one, _WAITS) for one in ast.walk(node))
    parent = _parent(node)
    if not isinstance(parent, ast.Call) or node not in parent.args:
        return False
    name, method = _name_of(parent.func)
    return name in (_CARELESS_METHODS if method else _CARELESS_CALLS)


def _is_said(node: ast.AST) -> bool:
    """Say whether *node* is part of what is logged or printed."""
    while not isinstance(node, ast.stmt):
        if isinstance(node, ast.Call) and _name_of(node.func)[0] in _SPEAKING:
            return True
        node = _parent(node)
    return False


def _commutes(body: list[ast.stmt]) -> bool:
    """Say whether statements come to the same in whatever order they are done for the elements."""
    return all(_commutes_one(one) for one in body)


def _commutes_one(node: ast.stmt) -> bool:
    if any(isinstance(one, _WAITS) for one in ast.walk(node)):
        return False
    match node:
        case ast.Pass() | ast.Continue() | ast.Assert() | ast.Raise() | ast.Delete():
            return True
        case ast.If():
            return _commutes(node.body) and _commutes(node.orelse)
        case ast.Return(value=None | ast.Constant()) | ast.Assign(targets=[ast.Name()], value=ast.Constant()):
            return True
        case ast.Break():
            return True
        case ast.Assign(targets=[ast.Subscript()]):
            return True
        case ast.AugAssign(op=ast.Add(), value=ast.Constant(value=int())):
            return True
        case ast.AugAssign(op=ast.BitOr() | ast.BitAnd() | ast.BitXor()):
            return True
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr="add" | "discard" | "remove"))):
            return True
    return False


# --- what is iterated -----------------------------------------------------------------------------


class _Names:
    """Looks expressions up in a frame, without calling anything."""

    def __init__(self, frame: FrameType) -> None:
        self._scopes = (frame.f_locals, frame.f_globals, vars(builtins))

    def value_of(self, node: ast.expr) -> Any:
        """Return the value of an expression; `UNKNOWN` if finding out would run code."""
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Name(id=name):
                return next((scope[name] for scope in self._scopes if name in scope), UNKNOWN)
            case ast.Attribute(value=owner, attr=name):
                return _attribute(self.value_of(owner), name)
            case ast.NamedExpr(target=target):
                return self.value_of(target)
            case ast.Subscript(value=owner, slice=key):
                return _item(self.value_of(owner), self.value_of(key))
        return UNKNOWN

    def set_of(self, node: ast.expr) -> Elements | None:
        """Return the elements of an expression that is a set; None if it is none, or may be none."""
        value = self.value_of(node)
        if value is not UNKNOWN:
            return value if type(value) in _SETS else None
        match node:
            case ast.Set(elts=elements):
                return self._all(elements)
            case ast.SetComp(elt=ast.Call(func=function)) if _name_of(function)[0] in _MAKE_TASKS:
                return ()  # they stand in sets in the order in which they were made
            case ast.SetComp():
                return _TWO_OF_SOMETHING
            case ast.BinOp(left=left, op=operator, right=right) if isinstance(operator, _SET_OPERATORS):
                return _combined(operator, self._set_or_keys(left), self._set_or_keys(right))
            case ast.IfExp(body=one, orelse=other):
                found = self.set_of(one)
                return self.set_of(other) if found is None else found
            case ast.NamedExpr(value=named):
                return self.set_of(named)
            case ast.Call():
                return self._made_by(node)
        return None

    def _made_by(self, call: ast.Call) -> Elements | None:
        match call.func:
            case ast.Name() if self.value_of(call.func) in _SETS:
                return self._elements(call.args[0]) if call.args else None
            case ast.Attribute(value=owner, attr=name) if name in _SET_METHODS:
                return self.set_of(owner)
        return None

    def _set_or_keys(self, node: ast.expr) -> Elements | None:
        match node:
            case ast.Call(func=ast.Attribute(value=owner, attr="keys")):
                value = self.value_of(owner)
                return value if type(value) is dict else None
        value = self.value_of(node)
        return value if isinstance(value, _KEYS) else self.set_of(node)

    def _elements(self, node: ast.expr) -> Elements:
        if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            return self._all(node.elts)
        value = self.value_of(node)
        if type(value) in _PLAIN:
            return set(value)
        if isinstance(node, ast.Call) and _name_of(node.func)[0] == "range":
            return ()
        return _TWO_OF_SOMETHING

    def _all(self, nodes: list[ast.expr]) -> Elements:
        values = [self.value_of(node) for node in nodes]
        if any(value is UNKNOWN for value in values):
            return _TWO_OF_SOMETHING if len(values) > 1 else ()
        return values


def _combined(operator: ast.operator, left: Elements | None, right: Elements | None) -> Elements | None:
    """Return what an operator makes of two sets; as much as is known, if not both are."""
    known = [one for one in (left, right) if one is not None and one is not _TWO_OF_SOMETHING]
    if left is None and right is None:
        return None
    if len(known) < _BOTH or left is None or right is None:
        return known[0] if known else _TWO_OF_SOMETHING
    one, other = set(left), set(right)
    match operator:
        case ast.BitOr():
            return one | other
        case ast.BitAnd():
            return one & other
        case ast.Sub():
            return one - other
    return one ^ other


class _Something:
    """Stands for an element that cannot be seen."""


_TWO_OF_SOMETHING = (_Something(), _Something())


def _attribute(owner: Any, name: str) -> Any:
    """Return an attribute that is simply there: no property, no ``__getattr__``."""
    if owner is UNKNOWN:
        return UNKNOWN
    for kind in type(owner).__mro__:
        found = vars(kind).get(name, UNKNOWN)
        if isinstance(found, MemberDescriptorType):
            try:
                return found.__get__(owner)
            except AttributeError:
                return UNKNOWN
        if found is not UNKNOWN and hasattr(type(found), "__set__"):
            return UNKNOWN  # a property
    try:
        own = object.__getattribute__(owner, "__dict__")
    except AttributeError:
        own = {}
    if name in own:
        return own[name]
    found = next((vars(kind)[name] for kind in type(owner).__mro__ if name in vars(kind)), UNKNOWN)
    return UNKNOWN if hasattr(type(found), "__get__") else found


def _item(owner: Any, key: Any) -> Any:
    """Return what a plain list, tuple or dict has under a plain key."""
    if type(owner) in (list, tuple) and type(key) is int:
        return owner[key] if -len(owner) <= key < len(owner) else UNKNOWN
    if type(owner) is dict and type(key) in (str, int):
        return owner.get(key, UNKNOWN)
    return UNKNOWN
