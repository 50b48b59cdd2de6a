"""Two values side by side: where they differ, whichever comes first."""

import copy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reenact_inspect.texts import CELLS_MAX, diff_texts, opcodes, unified
from reenact_inspect.values import Change, diff_values, same

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""The machine may be busy with other tests."""

SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.text("ab\n ", max_size=6)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=10,
)
TEXTS = st.lists(st.sampled_from(["one", "two words", "three more words", ""]), max_size=6).map("\n".join)
FLIPPED = {"added": "removed", "removed": "added", "changed": "changed"}


@UNHURRIED
@given(VALUES)
def test_a_value_does_not_differ_from_itself(value: Any) -> None:
    """Nor from a copy of itself."""
    assert diff_values(value, copy.deepcopy(value)) == []


@UNHURRIED
@given(VALUES, VALUES)
def test_values_that_differ_have_a_difference(a: Any, b: Any) -> None:
    """There is one if and only if they are spelled differently."""
    assert bool(diff_values(a, b)) == (not same(a, b))


@UNHURRIED
@given(VALUES, VALUES)
def test_differences_are_the_same_seen_from_the_other_side(a: Any, b: Any) -> None:
    """What was added is removed, and what changed has its sides exchanged; there are as many."""
    there = [(one.how, one.a, one.b) for one in diff_values(a, b)]
    back = [(FLIPPED[one.how], one.b, one.a) for one in diff_values(b, a)]

    assert sorted(map(repr, there)) == sorted(map(repr, back))


@UNHURRIED
@given(TEXTS, TEXTS)
def test_both_texts_can_be_read_from_their_difference(a: str, b: str) -> None:
    """With enough context the lines of each side are the lines of that text."""
    lines = diff_texts(a, b, context=100)

    assert (lines == []) == (a == b)
    if lines:
        assert "\n".join(line.text for line in lines if line.op in " -") == a
        assert "\n".join(line.text for line in lines if line.op in " +") == b


@UNHURRIED
@given(TEXTS, TEXTS)
def test_a_text_diff_is_the_same_seen_from_the_other_side(a: str, b: str) -> None:
    """Lines that were added are those that were removed."""
    there, back = diff_texts(a, b), diff_texts(b, a)

    for op, other in ("+-", "-+"):
        assert [one.text for one in there if one.op == op] == [one.text for one in back if one.op == other]


def test_an_item_that_was_inserted_is_one_difference() -> None:
    """And does not make a difference of every item after it."""
    assert diff_values([1, 2, 3], [0, 1, 2, 3]) == [Change(at="$[0]", how="added", b=0)]
    assert diff_values([1, 2, 3], [1, 3]) == [Change(at="$[1]", how="removed", a=2)]


def test_places_are_named_as_in_code() -> None:
    """Keys that are no names stand in brackets."""
    found = diff_values({"a": {"b c": [1]}, "gone": 1}, {"a": {"b c": [2]}})

    assert [one.at for one in found] == ['$.a["b c"][0]', "$.gone"]
    assert [one.how for one in found] == ["changed", "removed"]


@pytest.mark.parametrize(("a", "b"), [(1, True), (1, 1.0), ("1", 1), (None, False), ([], {})])
def test_values_of_other_types_differ(a: Any, b: Any) -> None:
    """Also where Python holds them for equal."""
    assert len(diff_values(a, b)) == 1


def test_words_are_marked_in_lines_that_are_alike() -> None:
    """In a line that is nothing like the other one, everything is."""
    alike = diff_texts("write a short answer", "write a long answer")
    unlike = diff_texts("write", "0123456789")

    assert [[span.text for span in line.spans if span.changed] for line in alike] == [["short"], ["long"]]
    assert [line.text for line in unlike if line.spans[0].changed] == ["write", "0123456789"]


def test_lines_far_from_a_difference_are_left_out_and_counted() -> None:
    """Two lines of context stay on each side."""
    text = "\n".join(str(number) for number in range(20))

    lines = diff_texts(text, text.replace("10", "ten"))

    assert unified(lines).split("\n") == [
        "…8 lines the same",
        " 8",
        " 9",
        "-10",
        "+ten",
        " 11",
        " 12",
        "…7 lines the same",
    ]


def test_what_is_too_long_to_align_is_replaced_in_whole() -> None:
    """Common beginnings and ends aside: the cost has a limit."""
    count = int(CELLS_MAX**0.5) + 1
    a = ["same", *(f"a{n}" for n in range(count)), "same"]
    b = ["same", *(f"b{n}" for n in range(count)), "same"]

    assert [code[0] for code in opcodes(a, b)] == ["equal", "replace", "equal"]


def test_a_change_of_texts_has_lines_and_others_have_none() -> None:
    """A number is no text, and what only one side has is not compared."""
    assert Change(at="$", a="x", b="y").unified == "-x\n+y"
    assert Change(at="$", a=1, b=2).lines == []
    assert Change(at="$", how="added", b="y").lines == []
