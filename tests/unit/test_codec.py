"""What becomes bytes, what does not, and that nothing is lost on the way."""

import datetime as dt
import decimal
import enum
import math
import types
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypedDict

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reenact.codec import MAX_DEPTH, canonical, decode, digest, faithful, plain, read_as, type_name
from reenact.errors import NotStorableError

texts = st.text(st.characters(exclude_categories=["Cs"]))
atoms = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    texts,
)
jsons = st.recursive(
    atoms,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


class Colour(enum.Enum):
    RED = "red"


class Word(str, enum.Enum):  # noqa: UP042  # the older spelling, which prints as "Word.ONE"
    ONE = "one"


@attrs.frozen
class Point:
    x: int
    y: float = 0.5
    tags: list[str] = attrs.field(factory=list)


@dataclass
class Box:
    at: Point
    names: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)


class Row(TypedDict):
    id: int
    name: str


class Model:
    """Does what pydantic models do, as far as the codec looks."""

    def __init__(self, size: int) -> None:
        self.size = size

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Model) and other.size == self.size

    def __hash__(self) -> int:
        return hash(self.size)

    def model_dump(self, *, mode: str, exclude_defaults: bool) -> dict[str, int]:
        assert mode == "json"
        return {} if exclude_defaults and self.size == 1 else {"size": self.size}

    @classmethod
    def model_validate(cls, value: dict[str, int]) -> "Model":
        if "size" not in value:
            raise ValueError("size is missing")
        return cls(value["size"])


@given(jsons)
def test_json_is_plain_as_it_is(value: Any) -> None:
    """What is JSON already is spelled as itself, and read back as itself."""
    spelled = plain(value)

    assert decode(canonical(spelled)) == value
    assert faithful(value, Any)[1] == value


@given(jsons)
def test_a_value_has_one_spelling(value: Any) -> None:
    """The canonical spelling does not depend on the order in which keys were put in."""

    def turned(one: Any) -> Any:
        if isinstance(one, dict):
            return {key: turned(one[key]) for key in reversed(one)}
        return [turned(item) for item in one] if isinstance(one, list) else one

    assert canonical(plain(turned(value))) == canonical(plain(value))
    assert digest(canonical(plain(value))) == digest(canonical(decode(canonical(plain(value)))))


ROUND_TRIPS: list[tuple[Any, Any]] = [
    (Point(1, 2.5, ["a"]), Point),
    (Box(Point(1), ("a", "b")), Box),
    ({"id": 1, "name": "n"}, Row),
    (Colour.RED, Colour),
    (Word.ONE, Word),
    ({Word.ONE: 1}, dict[Word, int]),
    ((1, "a"), tuple[int, str]),
    ({1, 2, 3}, set[int]),
    (frozenset({"a"}), frozenset[str]),
    (b"\x00\xff", bytes),
    (decimal.Decimal("1.10"), decimal.Decimal),
    (uuid.UUID(int=5), uuid.UUID),
    (dt.datetime(2024, 2, 29, 12, 0, 1, 5), dt.datetime),
    (dt.datetime(2024, 2, 29, tzinfo=dt.UTC), dt.datetime),
    (dt.date(2024, 2, 29), dt.date),
    (dt.time(1, 2, 3), dt.time),
    (dt.timedelta(days=1, seconds=5), dt.timedelta),
    (Model(3), Model),
    ([Model(1)], list[Model]),
    (-0.0, float),
    (-(2**63), int),
    (2**63 - 1, int),
    ("\x00 é 🎉 \u2028", str),
    (None, Point | None),
    ([Point(1)], list[Point]),
    (types.MappingProxyType({"a": 1}), dict[str, int]),
    ({"a": 1, "b": ["c"]}, dict[str, object]),
]


@pytest.mark.parametrize(("value", "wanted"), ROUND_TRIPS, ids=lambda v: repr(v)[:40])
def test_what_has_a_type_comes_back_as_it(value: Any, wanted: Any) -> None:
    """A value of a declared type is the same after it was stored."""
    data, back = faithful(value, wanted)

    assert back == value
    assert read_as(decode(data), wanted) == value


@given(st.dictionaries(texts, st.datetimes(timezones=st.none() | st.just(dt.UTC)), max_size=3))
def test_times_come_back_aware_or_naive_as_they_were(value: dict[str, dt.datetime]) -> None:
    """A time without a zone stays without one."""
    assert faithful(value, dict[str, dt.datetime])[1] == value


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_decimals_keep_every_digit(value: decimal.Decimal) -> None:
    """Trailing zeros too: an amount of money is not a float."""
    assert str(faithful(value, decimal.Decimal)[1]) == str(value)


def _cycle() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


def _deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = {"a": value}
    return value


REFUSED: list[tuple[str, Callable[[], Any], str, str]] = [
    ("NaN", lambda: {"a": [1, math.nan]}, "$.a[1]", "JSON has no nan"),
    ("infinity", lambda: (math.inf,), "$[0]", "JSON has no inf"),
    ("too large", lambda: Point(2**63), "$.x", "beyond 64 bits"),
    ("very large", lambda: [2**4000], "$[0]", "beyond 64 bits"),
    ("surrogate", lambda: {"a": "x\ud800"}, "$.a", "surrogate at position 1"),
    ("surrogate key", lambda: {"\ud800": 1}, "$", "surrogate at position 0"),
    ("number as key", lambda: {"a": {1: 2}}, "$.a", "not text"),
    ("cycle", _cycle, "$[0]", "a cycle"),
    ("too deep", lambda: _deep(1000), "$.a", "levels deep"),
    ("object", lambda: {"a": object()}, "$.a", "builtins.object"),
    ("function", lambda: [len], "$[0]", "no spelling in JSON"),
    ("type", lambda: int, "$", "no spelling in JSON"),
    ("complex", lambda: 1j, "$", "builtins.complex"),
    ("in a set", lambda: {math.inf}, "${}", "JSON has no inf"),
    ("in a mapping", lambda: types.MappingProxyType({"k": math.nan}), "$.k", "JSON has no nan"),
    ("in an attrs class", lambda: Box(Point(1, math.nan)), "$.at.y", "JSON has no nan"),
]


@pytest.mark.parametrize(("value", "at", "problem"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_what_has_no_spelling_is_refused_by_its_place(
    value: Callable[[], Any], at: str, problem: str
) -> None:
    """The error names the field's path and what is wrong with it."""
    with pytest.raises(NotStorableError) as caught:
        plain(value())

    assert caught.value.at.startswith(at)
    assert problem in caught.value.problem


def test_depth_has_a_limit_and_not_before() -> None:
    """So many levels are fine; that is more than a person writes."""
    assert plain(_deep(MAX_DEPTH)) == _deep(MAX_DEPTH)
    with pytest.raises(NotStorableError):
        plain(_deep(MAX_DEPTH + 2))


def test_a_place_can_be_named() -> None:
    """The caller says what the value is called."""
    with pytest.raises(NotStorableError, match=r"review#0 input\.a"):
        plain({"a": math.nan}, "review#0 input")


@pytest.mark.parametrize("value", [(1, 2), {1}, decimal.Decimal(1), b"x", Point(1), dt.date(2024, 1, 1)])
def test_without_a_type_nothing_is_lost_in_silence(value: Any) -> None:
    """A step that declares no type may return JSON only; the error says to annotate it."""
    with pytest.raises(NotStorableError, match="annotate the return type"):
        faithful(value, Any)


@pytest.mark.parametrize(
    ("value", "wanted", "at"),
    [
        ({"x": "one"}, Point, "$.x"),
        ([1, "a"], list[int], "$[1]"),
        ({"at": {"x": 1, "y": "b"}}, Box, "$.at.y"),
        ("text", int, "$"),
        (True, int, "$"),
        ({}, Model, "$"),
        ({"x": 1}, dict[Colour, int], "$"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_place(value: Any, wanted: Any, at: str) -> None:
    """Reading is strict, and says where."""
    with pytest.raises(NotStorableError) as caught:
        read_as(value, wanted)

    assert caught.value.at == at
    assert type_name(wanted) in caught.value.problem


def test_a_surrogate_is_refused_on_the_short_way_too() -> None:
    """Text alone takes a faster path, which checks the same."""
    with pytest.raises(NotStorableError, match="surrogate at position 0"):
        faithful("\ud800", str)


@pytest.mark.parametrize("value", [None, True, "a"])
def test_atoms_are_checked_against_their_type(value: Any) -> None:
    """The short way for atoms still refuses what the annotation does not allow."""
    with pytest.raises(NotStorableError):
        faithful(value, list[int])


def test_defaults_are_left_out_of_hashes_only() -> None:
    """A field that is added later changes no old hash; what is read back is spelled in full."""
    assert plain(Point(1), omit_defaults=True) == {"x": 1}
    assert plain(Box(Point(1)), omit_defaults=True) == {"at": {"x": 1}}
    assert plain(Point(1)) == {"x": 1, "y": 0.5, "tags": []}
    assert plain(Model(1), omit_defaults=True) == {}


def test_a_default_made_from_the_object_is_never_left_out() -> None:
    """Nobody can tell what it would be."""

    @attrs.frozen
    class Derived:
        a: int
        b: int = attrs.field(default=attrs.Factory(lambda self: self.a, takes_self=True))

    assert plain(Derived(1), omit_defaults=True) == {"a": 1, "b": 1}


def test_true_is_not_the_default_one() -> None:
    """A value that equals its default and is of another type is another value."""

    @attrs.frozen
    class Flag:
        on: Any = 1

    assert plain(Flag(True), omit_defaults=True) == {"on": True}


@given(
    st.sets(st.integers() | texts, max_size=6).filter(
        lambda s: all(not isinstance(i, int) or abs(i) < 2**63 for i in s)
    )
)
def test_sets_have_one_order(value: set[Any]) -> None:
    """The order of a set's hash table leaks nowhere."""
    assert canonical(plain(value)) == canonical(plain(frozenset(reversed(list(value)))))


@pytest.mark.parametrize(
    ("wanted", "name"),
    [(int, "int"), (list[int], "list[int]"), (int | None, "int | None"), (Any, "Any"), (Point, "Point")],
)
def test_types_are_named_as_people_write_them(wanted: Any, name: str) -> None:
    """Error messages use these names."""
    assert type_name(wanted) == name
