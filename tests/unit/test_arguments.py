"""A function's arguments: bound as Python binds them, spelled by name, read back as declared."""

from typing import TYPE_CHECKING, Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reenact.codec import Arguments, plain
from reenact.errors import InputError, NotStorableError
from reenact.inputs import by_name, spell_input
from reenact.shapes import ANY
from reenact.steps import WorkflowSpec

if TYPE_CHECKING:
    from decimal import Decimal as Unknown


@attrs.frozen
class Item:
    name: str
    size: int = 1


def usual(a: int, b: Item, c: str = "c", *, d: bool = False) -> None: ...


def odd(a: int, /, b: int = 2, *rest: int, d: int = 4, **more: int) -> None: ...


def hidden(a: "Unknown", b: int = 1) -> "Unknown | None": ...


CALLS: list[tuple[Any, tuple[Any, ...], dict[str, Any], dict[str, Any]]] = [
    (usual, (1, 2), {}, {"a": 1, "b": 2}),
    (usual, (1,), {"b": 2, "d": True}, {"a": 1, "b": 2, "d": True}),
    (usual, (1, 2, "c"), {"d": False}, {"a": 1, "b": 2}),
    (usual, (), {"a": 1, "b": 2, "c": "x"}, {"a": 1, "b": 2, "c": "x"}),
    (odd, (1,), {}, {"a": 1}),
    (odd, (1, 2, 3), {"e": 5}, {"a": 1, "rest": (3,), "more": {"e": 5}}),
    (odd, (1, 3), {"d": 4}, {"a": 1, "b": 3}),
]


@pytest.mark.parametrize(("fn", "args", "kwargs", "bound"), CALLS)
def test_a_call_is_spelled_by_name_without_defaults(
    fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any], bound: dict[str, Any]
) -> None:
    """However it is written, the same call is bound to the same names."""
    assert Arguments(fn).bind(args, kwargs) == bound


MISFITS: list[tuple[Any, tuple[Any, ...], dict[str, Any]]] = [
    (usual, (1,), {}),
    (usual, (), {"b": 1}),
    (usual, (1, 2, "c", True), {}),
    (usual, (1, 2), {"a": 3}),
    (usual, (1, 2), {"e": 3}),
    (usual, (1, 2, "c", 4), {"d": True}),
    (odd, (), {"b": 1}),
]


@pytest.mark.parametrize(("fn", "args", "kwargs"), MISFITS)
def test_what_no_call_would_take_is_a_type_error(
    fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    """Binding refuses what the call itself would refuse."""
    with pytest.raises(TypeError):
        Arguments(fn).bind(args, kwargs)


@given(
    st.lists(st.integers(0, 3), max_size=5).map(tuple),
    st.dictionaries(st.sampled_from("abcde"), st.integers(0, 3), max_size=4),
)
def test_the_fast_way_binds_as_python_does(args: tuple[int, ...], kwargs: dict[str, int]) -> None:
    """The short cut for simple signatures and ``inspect`` agree on every call."""
    arguments = Arguments(usual)
    try:
        expected: Any = dict(arguments.signature.bind(*args, **kwargs).arguments)
    except TypeError:
        expected = None

    try:
        bound: Any = arguments.bind(args, kwargs)
    except TypeError:
        bound = None

    assert bound == expected


def test_arguments_are_read_back_as_declared() -> None:
    """Each by the type in the signature, positional-only and collected ones too."""
    args, kwargs = Arguments(odd).restore({"a": 1, "rest": [3, 4], "more": {"e": 5}, "b": 2})
    assert (args, kwargs) == ([1, 3, 4], {"b": 2, "e": 5})

    args, kwargs = Arguments(usual).restore({"a": 1, "b": {"name": "n"}})
    assert (args, kwargs) == ([], {"a": 1, "b": Item("n")})


def test_hints_that_only_a_checker_can_see_are_no_hints() -> None:
    """A function whose annotations cannot be evaluated takes and returns anything."""
    arguments = Arguments(hidden)

    assert arguments.returns is Any
    assert arguments.restore({"a": {"x": 1}}) == ([], {"a": {"x": 1}})


def _spec(fn: Any) -> WorkflowSpec:
    return WorkflowSpec(name=fn.__name__, version="", fn=fn, arguments=Arguments(fn), shape=ANY)


def test_an_input_is_given_to_a_workflow_as_a_resumed_run_will_get_it() -> None:
    """Defaults are stored with it, and left out of its hash."""
    data, hashed, call_args = spell_input(_spec(usual), (1, Item("n")), {})

    assert data == b'{"a":1,"b":{"name":"n","size":1},"c":"c","d":false}'
    assert hashed == b'{"a":1,"b":{"name":"n"}}'
    assert call_args == ([], {"a": 1, "b": Item("n"), "c": "c", "d": False})


def test_collected_arguments_are_part_of_an_input() -> None:
    """``*args`` and ``**kwargs`` are spelled under their names."""
    data, _, call_args = spell_input(_spec(odd), (1, 2, 3), {"e": 5})

    assert data == b'{"a":1,"b":2,"d":4,"more":{"e":5},"rest":[3]}'
    assert call_args == ([1, 3], {"b": 2, "d": 4, "e": 5})


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        ((1,), r"usual\(a: int.*missing a required argument: 'b'"),
        (("x", Item("n")), "argument a is not a int"),
        ((1, {"name": 5}), r"argument b.name is not a Item"),
        ((1, Item("n"), object()), "argument c is not a str: builtins.object has no spelling"),
    ],
)
def test_an_input_that_does_not_fit_is_refused_by_name(args: tuple[Any, ...], problem: str) -> None:
    """The error says which argument of which workflow."""
    with pytest.raises(InputError, match=problem):
        spell_input(_spec(usual), args, {})


def test_an_argument_without_a_type_must_be_json() -> None:
    """It would not come back as it was."""

    def loose(value) -> None: ...  # type: ignore[no-untyped-def]  # that is the point

    with pytest.raises(InputError, match=r"loose: argument value: a set would come back"):
        spell_input(_spec(loose), ({1},), {})


def test_bound_arguments_make_a_call_again() -> None:
    """What a child run is called with is split as its signature says."""
    bound = Arguments(odd).bind((1, 2, 3), {"d": 9, "e": 5})

    assert by_name(_spec(odd), bound) == ([1, 3], {"d": 9, "e": 5})
    assert by_name(_spec(usual), {"a": 1, "b": 2}) == ([], {"a": 1, "b": 2})


def test_what_cannot_be_read_back_says_so() -> None:
    """A restored argument that no longer fits its type is refused."""
    with pytest.raises(NotStorableError):
        Arguments(usual).restore({"a": "one"})


def test_spelled_arguments_are_plain() -> None:
    """What binding returns can be stored."""
    assert plain(Arguments(usual).bind((1, Item("n")), {})) == {"a": 1, "b": {"name": "n", "size": 1}}
