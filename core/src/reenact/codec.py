"""The only place where values become bytes, and bytes values.

A value is *plain* when it is JSON: None, bool, 64-bit int, finite float, str,
list, dict with str keys. `plain` makes it so or says where it cannot. A plain
value has one canonical spelling (sorted keys, no spaces), whose SHA-256 names
it. What reads a value back is the type that the code declares for it, never a
type named in the data: reading a journal runs no code.
"""

import hashlib
import inspect
import types
import typing
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeAlias

import msgspec

from reenact.errors import NotStorableError
from reenact.fields import NO_DEFAULT, fields_of, same

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

MAX_DEPTH = 200

_INT_MIN, _INT_MAX = -(2**63), 2**63 - 1
_encode = msgspec.json.Encoder(order="deterministic").encode
_encode_fast = msgspec.json.Encoder().encode
_ATOMS = (str, int, float, bool, type(None))


def digest(data: bytes) -> str:
    """Return the SHA-256 of *data* in hex."""
    return hashlib.sha256(data).hexdigest()


def canonical(value: Json) -> bytes:
    """Return the one spelling of a plain value."""
    return _encode(value)


decode: Callable[[bytes], Any] = msgspec.json.Decoder().decode
"""Returns the plain value that some bytes spell."""


def plain(value: object, at: str = "$", *, omit_defaults: bool = False) -> Json:
    """Return *value* as JSON, or say where that cannot be done.

    Args:
        value: Anything: JSON, attrs classes, dataclasses, pydantic models, enums, dates,
            decimals, UUIDs, bytes, tuples, sets.
        at: What to call the value in an error.
        omit_defaults: Leave out fields at their default. For hashes: a field that is added
            later changes no old hash. Not for what is read back, where defaults may move.

    Raises:
        NotStorableError: NaN and infinities, lone surrogates, integers beyond 64 bits,
            cycles, keys that are not text, types with no spelling.
    """
    return _plain(value, at, omit_defaults, 0)


NOTHING_GIVEN: Mapping[str, Json] = {}


def plain_fields(value: object, at: str, given: Mapping[str, Json]) -> dict[str, Json]:
    """Return the fields of an attrs class as JSON, those at their default left out.

    Args:
        value: Its instance.
        at: What to call it in an error.
        given: What stands for some of the fields, whatever they are.

    Raises:
        NotStorableError: As `plain`.
    """
    fields = fields_of(type(value))  # type: ignore[arg-type]  # classes are hashable
    assert fields is not None  # noqa: S101  # callers have their own classes spelled
    made: dict[str, Json] = {}
    for name, default in fields:
        if name in given:
            made[name] = given[name]
            continue
        item = getattr(value, name)
        if item is not default and not same(item, default):
            made[name] = _plain(item, f"{at}.{name}", True, 1)
    return made


def spelled(bound: dict[str, Any], at: str) -> bytes:
    """Return the canonical spelling of a call's arguments, defaults of their fields left out.

    Args:
        bound: The arguments, by name.
        at: The path of the step.

    Raises:
        NotStorableError: As `plain`.
    """
    for value in bound.values():
        kind = type(value)
        if kind not in _SAFE and not (kind is int and _INT_MIN <= value <= _INT_MAX):
            break
    else:  # there is nothing to look into
        try:
            return _encode(bound)
        except UnicodeEncodeError:
            return _encode(plain(bound, f"{at} input", omit_defaults=True))
    return _encode(plain(bound, f"{at} input", omit_defaults=True))


_SAFE = frozenset({str, bool, type(None)})


def _plain(value: Any, at: str, omit: bool, depth: int) -> Json:
    kind = type(value)
    if kind is str:
        return _checked_text(value, at)
    if value is None or kind is bool:
        return value  # type: ignore[no-any-return]  # narrowed by identity of its type
    if kind is int:
        if _INT_MIN <= value <= _INT_MAX:
            return value  # type: ignore[no-any-return]
        raise NotStorableError(at, "an integer beyond 64 bits; store it as text")
    if kind is float:
        if value - value == 0.0:  # false for NaN and both infinities
            return value  # type: ignore[no-any-return]
        raise NotStorableError(at, f"JSON has no {value}; store None or text instead")
    if depth > MAX_DEPTH:
        raise NotStorableError(at, f"nested more than {MAX_DEPTH} levels deep, or a cycle")
    if kind is list or kind is tuple:
        return [_plain(item, f"{at}[{i}]", omit, depth + 1) for i, item in enumerate(value)]
    if kind is dict:
        return {_key(k, at): _plain(v, f"{at}.{k}", omit, depth + 1) for k, v in value.items()}
    return _plain_object(value, at, omit, depth)


def _checked_text(value: str, at: str) -> str:
    if value.isascii():
        return value
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise NotStorableError(at, f"text with a lone surrogate at position {error.start}") from None
    return value


def _key(key: object, at: str) -> str:
    if isinstance(key, str):
        return _checked_text(str.__str__(key), at)  # an enum's own str() may be its name
    raise NotStorableError(at, f"a key that is not text: {key!r:.80}; JSON objects have text keys only")


def _plain_object(value: Any, at: str, omit: bool, depth: int) -> Json:
    if isinstance(value, (set, frozenset)):
        items = [_plain(item, f"{at}{{}}", omit, depth + 1) for item in value]
        return sorted(items, key=canonical)
    if isinstance(value, Mapping):
        return {_key(k, at): _plain(v, f"{at}.{k}", omit, depth + 1) for k, v in value.items()}
    fields = fields_of(type(value))  # type: ignore[arg-type]  # classes are hashable
    if fields is not None:
        made: dict[str, Json] = {}
        for name, default in fields:
            item = getattr(value, name)
            if not (omit and same(item, default)):
                made[name] = _plain(item, f"{at}.{name}", omit, depth + 1)
        return made
    dump = getattr(value, "model_dump", None)
    if callable(dump) and hasattr(type(value), "model_validate"):  # a pydantic model
        return _plain(dump(mode="json", exclude_defaults=omit), at, omit, depth + 1)
    return _plain_by_cattrs(value, at, omit, depth)


def _plain_by_cattrs(value: Any, at: str, omit: bool, depth: int) -> Json:
    try:
        spelled = converter().unstructure(value)
        if not isinstance(spelled, (*_ATOMS, list, tuple, dict)) or type(spelled) is type(value):
            spelled = msgspec.to_builtins(spelled)
    except Exception:
        spelled = value
    if type(spelled) is type(value):
        raise NotStorableError(
            at, f"{type(value).__module__}.{type(value).__qualname__} has no spelling in JSON"
        )
    return _plain(spelled, at, omit, depth + 1)


# --- reading back -------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def converter() -> Any:
    """Return the cattrs converter of values; hooks added to it hold for every step.

    Imported late: half of the time in which a process starts would go into it.
    """
    from cattrs.preconf.msgspec import make_converter

    made = make_converter()

    @made.register_structure_hook_factory(lambda cls: hasattr(cls, "model_validate"))
    def pydantic_hook(cls: Any) -> Any:
        return lambda value, _: cls.model_validate(value)

    @made.register_structure_hook
    def decimal_hook(value: Any, _: Any) -> Decimal:
        return Decimal(str(value))

    return made


def read_as(value: Json, wanted: Any) -> Any:
    """Return a plain value as the type *wanted*; as it is if that is ``Any`` or missing.

    Raises:
        NotStorableError: If it does not fit; the message says where.
    """
    if wanted is Any or wanted is inspect.Parameter.empty or wanted is object:
        return value
    try:
        return msgspec.convert(value, wanted, dec_hook=_by_cattrs)
    except (msgspec.ValidationError, TypeError, ValueError) as error:
        problem, _, where = str(error).partition(" - at `")
        at = where.removeprefix("key` in `").rstrip("`") or "$"
        raise NotStorableError(at, f"not a {type_name(wanted)}: {problem[:300]}") from error


def _by_cattrs(wanted: type[Any], value: Any) -> Any:
    """Read what msgspec does not know: pydantic models, and types with a hook of their own."""
    if wanted is object:
        return value
    try:
        return converter().structure(value, wanted)
    except Exception as error:
        raise ValueError(_reason(error)) from error


def _reason(error: BaseException) -> str:
    while nested := getattr(error, "exceptions", None):
        error = nested[0]
    return f"{error}"[:300] or type(error).__name__


def type_name(wanted: Any) -> str:
    """Name a type as a person would write it."""
    if isinstance(wanted, type) and not typing.get_args(wanted):
        return "None" if wanted is types.NoneType else wanted.__qualname__
    if isinstance(wanted, types.UnionType):
        return " | ".join(type_name(arg) for arg in wanted.__args__)
    return str(wanted).replace("typing.", "")


# --- both at once: what a step returns -----------------------------------------------------------


def faithful(value: object, wanted: Any) -> tuple[bytes, Any]:
    """Return the spelling of *value*, and the value as a replay will read it.

    What a workflow sees live is what it would see on replay, so a difference shows the
    first time and not in the night when a run is resumed.

    Raises:
        NotStorableError: If reading back would lose something.
    """
    if value is None or type(value) in (str, bool):  # common, and immutable
        data = _encode_text(value)
        same = wanted is type(value) or wanted is Any
        return data, value if same else read_as(typing.cast("Json", value), wanted)
    spelled = plain(value)
    data = _encode_fast(spelled)
    if wanted is Any or wanted is inspect.Parameter.empty:
        back = decode(data)
        if back != value:
            raise NotStorableError("$", _loss(value))
        return data, back
    return data, read_as(decode(data), wanted)


def _encode_text(value: Any) -> bytes:
    try:
        return _encode_fast(value)
    except UnicodeEncodeError as error:
        raise NotStorableError("$", f"text with a lone surrogate at position {error.start}") from None


def _loss(value: object) -> str:
    return (
        f"a {type(value).__qualname__} would come back as plain JSON; annotate the return type of the step, "
        f"so that it is read back as what it is (a tuple, for example, is a list in JSON)"
    )


class Arguments:
    """Spells the arguments of a function by name, defaults left out."""

    def __init__(self, fn: Callable[..., Any]) -> None:
        self.signature = inspect.signature(fn)
        try:
            self.hints = typing.get_type_hints(fn)
        except Exception:  # a name that only a type checker can see
            self.hints = {}
        simple = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
        parameters = self.signature.parameters.values()
        self._names = [p.name for p in parameters if p.kind is simple[0]]
        self._defaults = {p.name: p.default for p in parameters if p.default is not p.empty}
        self._simple = all(p.kind in simple for p in parameters)
        self._known = frozenset(self.signature.parameters)
        self._plainly = self._simple and not self._defaults
        self._required = [p.name for p in parameters if p.default is p.empty]
        positional = all(name in self._names for name in self._required)
        self._least = len(self._required) if positional else len(self._names) + 1
        self.returns: Any = self.hints.get("return", Any)

    def bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments by name, without those that equal their default.

        Raises:
            TypeError: If they do not fit, as a call would.
        """
        if self._plainly and not kwargs and len(args) == len(self._names):
            return dict(zip(self._names, args))  # noqa: B905  # of one length; `strict` takes as long again
        if not self._fits(args, kwargs):
            return self._bind_slowly(args, kwargs)
        bound = dict(zip(self._names, args, strict=False))
        bound.update(kwargs)
        for name, default in self._defaults.items():
            if name in bound and same(bound[name], default):
                del bound[name]
        return bound

    def bind_all(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments by name in the order of the signature, defaults filled in.

        Raises:
            TypeError: If they do not fit, as a call would.
        """
        if self._plainly and not kwargs and len(args) == len(self._names):
            return dict(zip(self._names, args, strict=True))
        bound = self.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return bound.arguments

    def _fits(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
        if not self._simple:
            return False
        if not kwargs:
            return self._least <= len(args) <= len(self._names)
        if len(args) > len(self._names):
            return False
        given = self._names[: len(args)]
        return all(name in self._known and name not in given for name in kwargs) and all(
            name in kwargs or name in given for name in self._required
        )

    def _bind_slowly(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        bound = self.signature.bind(*args, **kwargs).arguments
        return {k: v for k, v in bound.items() if not same(v, self._defaults.get(k, NO_DEFAULT))}

    def restore(self, spelled: Mapping[str, Json]) -> tuple[list[Any], dict[str, Any]]:
        """Return arguments read back from their spelling, as the signature declares them."""
        positional: list[Any] = []
        named: dict[str, Any] = {}
        for name, parameter in self.signature.parameters.items():
            if name not in spelled:
                continue
            wanted = self.hints.get(name, Any)
            if parameter.kind is parameter.VAR_POSITIONAL:
                positional.extend(
                    _read(name, item, wanted) for item in typing.cast("list[Any]", spelled[name])
                )
            elif parameter.kind is parameter.VAR_KEYWORD:
                items = typing.cast("dict[str, Any]", spelled[name])
                named.update({k: _read(k, v, wanted) for k, v in items.items()})
            elif parameter.kind is parameter.POSITIONAL_ONLY:
                positional.append(_read(name, spelled[name], wanted))
            else:
                named[name] = _read(name, spelled[name], wanted)
        return positional, named


def _read(name: str, value: Json, wanted: Any) -> Any:
    try:
        return read_as(value, wanted)
    except NotStorableError as error:
        at = error.at.replace("$", name, 1) if error.at.startswith("$") else f"{name}.{error.at}"
        raise NotStorableError(at, error.problem) from error
