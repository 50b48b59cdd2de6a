"""Values that policies took out: found in what the code asked, put back, hidden again."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reenact import (
    Allow,
    LlmEvent,
    LlmMessage,
    LlmRequest,
    LlmResponse,
    Modify,
    Part,
    assistant,
    system,
    user,
)
from reenact.judging import Deny
from reenact.placeholders import NO_PLACEHOLDERS, Original, Placeholders

EMAIL, QUOTED = "jo@example.com", 'a "b" \\ \n c'
VALUES: dict[str, str | int] = {"[[EMAIL_1]]": EMAIL, "[[QUOTED_2]]": QUOTED, "[[CARD_3]]": 4111111111111111}
HELD = Placeholders(VALUES)

NAMES = st.sampled_from([*VALUES, "[[", "[[EMAIL_", "[[EMAIL_9]]", "]]", "x", "é", '"', "\\"])
TEXTS = st.lists(NAMES | st.text(max_size=4), max_size=8).map("".join)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


def placed(value: Any, values: dict[str, str | int]) -> dict[str, str | int]:
    """Return *values* after the way over places in *value*, as JSON keeps them."""
    places = json.loads(json.dumps(Original(lambda: [value]).places(values)))
    return Original(lambda: [value]).values(places)


@given(PLAIN, st.data())
def test_what_stands_in_the_original_is_found_again(value: Any, data: st.DataObject) -> None:
    """Whatever piece of a text, a name or a number was taken out, its place leads back to it."""
    leaves = list(_texts(value))
    if not leaves:
        return
    leaf = data.draw(st.sampled_from(leaves))
    piece: str | int = leaf
    if isinstance(leaf, str):
        start = data.draw(st.integers(0, len(leaf) - 1))
        piece = leaf[start : data.draw(st.integers(start + 1, len(leaf)))]

    assert placed(value, {"[[X]]": piece}) == {"[[X]]": piece}


def _texts(value: Any) -> Any:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(key)
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str | int) and not isinstance(value, bool) and value != "":
        yield value


def test_a_place_does_not_depend_on_the_order_of_fields() -> None:
    """Two spellings with one hash have the same places."""
    one, other = {"a": EMAIL, "b": "2"}, {"b": "2", "a": EMAIL}

    assert Original(lambda: [one]).places(VALUES) == Original(lambda: [other]).places(VALUES)


def test_what_the_code_did_not_say_has_no_place() -> None:
    """A value that stands nowhere in what the code asked is not restorable."""
    assert Original(lambda: ["hello", {"a": [1, True, None]}]).places(VALUES) == {}


def test_a_request_is_its_messages_and_the_rest() -> None:
    """Values in messages, tool calls and options have places."""
    call = Part(type="tool_call", id="1", name="pay", arguments={"pan": 4111111111111111})
    request = LlmRequest(
        model="m",
        messages=(system("hi"), user(f"I am {EMAIL}"), LlmMessage(role="assistant", parts=[call])),
        options={"user": QUOTED},
    )

    original = Original(request.segments)

    assert original.values(original.places(VALUES)) == VALUES


@given(TEXTS)
def test_hiding_is_the_inverse_of_restoring_and_back(text: str) -> None:
    """What is hidden comes back, unless a placeholder stood there before."""
    hidden = HELD.hide(text)

    assert EMAIL not in hidden
    if not any(name in text for name in VALUES):
        assert HELD.restore(hidden) == text


@given(PLAIN)
def test_hidden_plain_values_come_back(value: Any) -> None:
    """Lists, names of fields and numbers come back as they were, if no placeholder stood in them."""
    if any(name in json.dumps(value) for name in VALUES):
        return

    assert HELD.restore_value(HELD.hide_value(value)) == value


@given(st.lists(TEXTS, max_size=6), st.booleans())
def test_pieces_give_what_the_whole_gives(pieces: list[str], in_json: bool) -> None:
    """A placeholder that is cut anywhere is restored, and what only looks like one comes through."""
    stream = HELD.stream(in_json=in_json)
    whole = HELD.restore_json if in_json else HELD.restore

    out = "".join([*map(stream.feed, pieces), stream.flush()])

    assert out == whole("".join(pieces))


@given(
    st.lists(st.sampled_from(["<A", "<AB>", "<A>", "B>", "A", "<", ">", "aba", "ab", "a", "b"]), max_size=12)
)
def test_placeholders_that_begin_or_end_alike_are_told_apart(pieces: list[str]) -> None:
    """In pieces as in the whole, the first that fits counts, and of those the longest."""
    held = Placeholders({"<A": "1", "<AB>": "2", "aba": "3"})
    stream = held.stream(in_json=False)

    assert "".join([*map(stream.feed, pieces), stream.flush()]) == held.restore("".join(pieces))


def test_json_stays_json() -> None:
    """A value with quotes and line ends, restored inside JSON text, does not break it."""
    text = json.dumps({"who": "[[QUOTED_2]] and [[EMAIL_1]]"})

    assert json.loads(HELD.restore_json(text)) == {"who": f"{QUOTED} and {EMAIL}"}


def test_a_number_comes_back_as_one() -> None:
    """A placeholder that stands alone for a number becomes the number, and inside a text its digits."""
    assert HELD.restore_value(["[[CARD_3]]", "no. [[CARD_3]]"]) == [4111111111111111, "no. 4111111111111111"]


def test_an_answer_is_restored_in_all_its_parts_but_what_is_signed() -> None:
    """Text, refusal and tool calls get their values; reasoning that a vendor signed goes back as it came."""
    parts = [
        Part(type="text", text="to [[EMAIL_1]]"),
        Part(type="reasoning", text="[[EMAIL_1]]", opaque={"vendor": {"signature": "s"}}),
        Part(type="tool_call", id="1", name="send", arguments={"to": "[[EMAIL_1]]", "n": "[[CARD_3]]"}),
        Part(type="tool_call", id="2", name="send", raw_arguments="{[[EMAIL_1]]"),
    ]
    answer = LlmResponse(message=LlmMessage(role="assistant", parts=parts), refusal="not for [[EMAIL_1]]")

    got = HELD.restore_response(answer, in_json=False)

    assert (got.text, got.refusal) == (f"to {EMAIL}", f"not for {EMAIL}")
    assert got.message.parts[1] == parts[1]
    assert got.tool_calls[0].arguments == {"to": EMAIL, "n": 4111111111111111}
    assert got.tool_calls[1].raw_arguments == "{" + EMAIL


def test_events_are_restored_across_pieces_and_kinds() -> None:
    """What was kept back comes before the next kind of piece, and the end has the whole answer."""
    told: list[LlmEvent] = []
    listen = HELD.listener(told.append, in_json=False)
    answer = LlmResponse(message=assistant("[[EMAIL_1]] [["))

    for event in (
        LlmEvent(type="text", text="[[EMA"),
        LlmEvent(type="text", text="IL_1]] [["),
        LlmEvent(type="tool_call", text='{"to": "[[QUO', index=1, name="send"),
        LlmEvent(type="tool_call", text='TED_2]]"}', index=1),
        LlmEvent(type="end", response=answer),
    ):
        listen(event)

    assert "".join(event.text for event in told if event.type == "text") == f"{EMAIL} [["
    assert json.loads("".join(e.text for e in told if e.type == "tool_call")) == {"to": QUOTED}
    assert [event.type for event in told] == ["text", "text", "text", "tool_call", "tool_call", "end"]
    assert told[-1].response is not None
    assert told[-1].response.text == f"{EMAIL} [["


def test_without_placeholders_nothing_stands_between() -> None:
    """A listener is told directly, and an answer is the same object."""
    answer = LlmResponse(message=assistant("[[EMAIL_1]]"))

    assert NO_PLACEHOLDERS.listener(print, in_json=False) is print
    assert NO_PLACEHOLDERS.restore_response(answer, in_json=False) is answer


def test_nothing_shows_the_values() -> None:
    """Neither the placeholders' own words nor those of a decision hold a value."""
    decision = Modify("x", "took it out", restore=VALUES)

    assert EMAIL not in repr(HELD) + repr(decision) + repr(NO_PLACEHOLDERS)


@pytest.mark.parametrize("restore", [{"": "x"}, {1: "x"}, {"[[A]]": 1.5}])
def test_a_mapping_that_cannot_be_restored_is_refused(restore: Any) -> None:
    """An empty placeholder would stand everywhere; a value is a text or a whole number."""
    with pytest.raises((ValueError, TypeError)):
        Modify("x", "why", restore=restore)


def test_decisions_are_still_told_apart() -> None:
    """What is restored is part of a decision."""
    assert Modify("x", "why") != Modify("x", "why", restore=VALUES)
    assert Allow() != Deny("why")
