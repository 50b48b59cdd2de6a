"""Small parts that all vendors share."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reenact.llm import LlmRequest, Part, ToolSpec, assistant, system, tool_result, user
from reenact_http import Assembly, UnsendableError
from reenact_http.chat import is_strict
from reenact_http.shape import arguments
from reenact_http.spell import id_mapper, merged, turns, with_answer_tool

TOOL = ToolSpec(name="now", parameters={"type": "object", "properties": {}})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        (" ", {}),
        ("{}", {}),
        ('{"a": 1}', {"a": 1}),
        ("[]", None),
        ("null", None),
        ('{"a": ', None),
        ('{"a": 1e400}', None),
        ('{"a": 99999999999999999999}', None),
        ('{"a":' * 1000, None),
        ('{"a": "\ud800"}', None),
    ],
)
def test_arguments(text, expected):
    """A model's text is an object that a journal can keep, or it is None."""
    assert arguments(text) == expected


def test_a_call_that_is_no_json_is_handed_on_as_text():
    """Arguments that are no JSON come as the model wrote them, so that it can be told."""
    assembly = Assembly("acme")
    assembly.add_call(0, id="a", name="now", piece='{"a": ')
    assembly.finish = "tool_calls"

    (call,) = assembly.response().tool_calls

    assert (call.arguments, call.raw_arguments) == (None, '{"a": ')


@pytest.mark.parametrize("piece", ["", '{"a": '])
def test_a_call_cut_by_the_limit_is_dropped(piece):
    """Half a call is no call; a name alone is half a call."""
    assembly = Assembly("acme")
    assembly.add_call(0, id="a", name="now", piece=piece)
    assembly.finish = "length"

    response = assembly.response()

    assert (response.tool_calls, response.finish) == ((), "length")


@pytest.mark.parametrize(
    ("told", "calls", "finish"),
    [
        ("stop", 1, "tool_calls"),
        ("tool_calls", 0, "stop"),
        (None, 1, "tool_calls"),
        (None, 0, "stop"),
        ("length", 1, "length"),
        ("content_filter", 1, "content_filter"),
        ("error", 0, "error"),
    ],
)
def test_why_an_answer_ended(told, calls, finish):
    """Calls say that tools are wanted, whatever the vendor's word is."""
    assembly = Assembly("acme")
    for index in range(calls):
        assembly.add_call(index, id="a", name="now", piece="{}")
    assembly.finish = told

    assert assembly.response().finish == finish


def test_the_answer_tool_gives_text():
    """Structured output by a tool call is text, in events and in the response."""
    assembly = Assembly("acme", answer_tool="give_answer")

    events = assembly.add_call(0, id="a", name="give_answer") + assembly.add_call(0, piece='{"a":1}')
    assembly.finish = "tool_calls"
    response = assembly.response()

    assert [(event.type, event.text) for event in events] == [("text", '{"a":1}')]
    assert (response.text, response.finish, response.tool_calls) == ('{"a":1}', "stop", ())


def test_the_answer_tool_has_a_name_of_its_own():
    """The tool that gives the answer is not confused with one of the caller's."""
    taken = ToolSpec(name="Out", parameters={})
    request = LlmRequest(
        model="m", messages=(), tools=(taken,), output_schema={"type": "object"}, output_name="Out"
    )

    asked, name = with_answer_tool(request)

    assert name == "Out_"
    assert [tool.name for tool in asked.tools] == ["Out", "Out_"]
    assert (asked.tool_choice, asked.output_schema) == ("required", None)


@given(ids=st.lists(st.text(max_size=60), unique=True, max_size=20))
def test_ids_become_legal_and_stay_apart(ids):
    """Every id is made legal, the same one always alike, two never alike."""
    legal = id_mapper("[a-zA-Z0-9]{9}", 9)

    made = [legal(id_) for id_ in ids]

    assert made == [legal(id_) for id_ in ids]
    assert len(set(made)) == len(ids)
    assert all(len(id_) == 9 and id_.isascii() and id_.isalnum() for id_ in made)


def test_options_are_merged_into_tables():
    """A table of the caller's options fills up one of ours; its fields win."""
    body = {"options": {"seed": 1, "top_k": 2}, "messages": []}

    assert merged(body, {"options": {"seed": 7, "num_ctx": 9}}, ("messages",)) == {
        "options": {"seed": 7, "top_k": 2, "num_ctx": 9},
        "messages": [],
    }
    with pytest.raises(UnsendableError):
        merged(body, {"messages": [1]}, ("messages",))


def test_turns_alternate_and_results_come_first():
    """Neighbours of one role become one turn, with the results of tools at its head."""
    one, two = (Part(type="tool_call", id=id_, name="now", arguments={}) for id_ in "ab")
    messages = (
        system("s"),
        user("q"),
        assistant(one, two),
        tool_result(one, "1"),
        user("x"),
        tool_result(two, "2"),
    )

    made = turns(LlmRequest(model="m", messages=messages), lambda part: {"is": part.text or part.type})

    assert [(role, [piece["is"] for piece in pieces]) for role, pieces in made] == [
        ("user", ["q"]),
        ("assistant", ["tool_call", "tool_call"]),
        ("user", ["1", "2", "x"]),
    ]


@pytest.mark.parametrize(
    ("schema", "strict"),
    [
        ({"type": "object", "properties": {"a": {}}, "required": ["a"], "additionalProperties": False}, True),
        ({"type": "object", "properties": {"a": {}}, "required": [], "additionalProperties": False}, False),
        ({"type": "object", "properties": {"a": {}}, "required": ["a"]}, False),
        ({"type": "object"}, False),
        ({"type": "array", "items": {"type": "object", "properties": {}}}, False),
        ({"type": "string"}, True),
        ({"anyOf": [{"type": "object"}]}, False),
        (
            {
                "type": "object",
                "properties": {"a": {"$ref": "#/$defs/A"}},
                "required": ["a"],
                "additionalProperties": False,
                "$defs": {"A": {"type": "object", "properties": {"b": {}}}},
            },
            False,
        ),
    ],
)
def test_which_schemas_are_strict(schema, strict):
    """A schema is strict if every object in it is closed and requires all it has."""
    assert is_strict(schema) is strict


@pytest.mark.parametrize(
    ("choice", "tools", "asked"),
    [
        ("auto", (TOOL,), ("required", ["now", "give_answer"])),
        ("now", (TOOL,), ("now", ["now", "give_answer"])),
        ("none", (TOOL,), ("give_answer", ["give_answer"])),
        ("auto", (), ("give_answer", ["give_answer"])),
    ],
)
def test_what_must_be_called_for_an_answer(choice, tools, asked):
    """The tool that gives the answer stands beside the caller's, whose choice is kept where there is one."""
    request = LlmRequest(
        model="m", messages=(), tools=tools, tool_choice=choice, output_schema={"type": "object"}
    )

    shaped, _ = with_answer_tool(request)

    assert (shaped.tool_choice, [tool.name for tool in shaped.tools]) == asked
