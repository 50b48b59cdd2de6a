"""The estimate of a request's tokens: an upper one, in linear time, for every request."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reenact.llm import LlmRequest, Part, ToolSpec, assistant, user
from reenact.tokens import estimate_tokens, text_tokens, value_tokens

TOOL = ToolSpec(name="now", parameters={"type": "object", "properties": {}})


@pytest.mark.parametrize(
    ("text", "real"),
    # Real numbers of cl100k_base, from OpenAI's cookbook, "How to count tokens with tiktoken".
    [
        ("tiktoken is great!", 6),
        ("antidisestablishmentarianism", 6),
        ("2 + 2 = 4", 7),
        ("お誕生日おめでとう", 9),
    ],
)
def test_the_estimate_is_an_upper_one(text, real):
    """The estimate is never below what a tokenizer makes of prose, sums and Japanese."""
    assert text_tokens(text) >= real


@pytest.mark.parametrize("text", ["xqzjvkwpyhbgfmcdtnrslaeiouxqzj", "\x00\x07", "𓀀", "0123456789", "AB" * 13])
def test_what_no_word_is_made_of_counts_by_the_byte(text):
    """Characters that a tokenizer may not join count as one token a byte, which is the most there can be."""
    assert text_tokens(text) == len(text.encode())


@given(texts=st.lists(st.text(max_size=50), max_size=4), more=st.text(max_size=50))
def test_more_text_is_never_fewer_tokens(texts, more):
    """The estimate grows with what is asked."""
    less = LlmRequest(model="m", messages=[user(text) for text in texts])
    full = LlmRequest(model="m", messages=[*less.messages, user(more)], tools=(TOOL,), output_schema={})

    assert estimate_tokens(full) > estimate_tokens(less) >= 0


@pytest.mark.parametrize("text", ["a" * 1_000_000, "あ" * 350_000, "ab " * 350_000, '"\\' * 500_000])
def test_a_megabyte_takes_less_than_a_second(text):
    """A megabyte is estimated in less than a second, as a message and as an argument."""
    call = Part(type="tool_call", id="c", name="now", arguments={"text": text})
    began = time.process_time()

    estimate_tokens(LlmRequest(model="m", messages=[user(text), assistant(call)]))

    assert time.process_time() - began < 1


def test_images_and_documents_count_by_a_flat_rate():
    """What cannot be read here counts by an upper figure, and a long document by its length."""
    image = Part(type="image", url="https://example.com/a.png", media_type="image/png")
    document = Part(type="document", data="x" * 100_000, media_type="application/pdf")

    few = estimate_tokens(LlmRequest(model="m", messages=[user(image)]))
    many = estimate_tokens(LlmRequest(model="m", messages=[user(document)]))

    assert (few >= 5_000, many >= 25_000) == (True, True)


def _cycle() -> list[Any]:
    cycle: list[Any] = []
    cycle += [cycle, cycle, "x"]
    return cycle


def _deep() -> list[Any]:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    return deep


@pytest.mark.parametrize(
    "value",
    [float("nan"), 10**10_000, "\ud800", _cycle(), _deep(), object(), {1: b"x"}, {"a": {"b"}}],
    ids=["nan", "huge", "surrogate", "cycle", "deep", "object", "keys", "set"],
)
def test_it_answers_for_every_request(value):
    """A request that could not be sent is estimated all the same."""
    tool = ToolSpec(name="\ud800", parameters={"default": value})
    call = Part(type="tool_call", name="now", arguments={"a": value})
    request = LlmRequest(model="m", messages=[assistant(call)], tools=[tool], output_schema={"const": value})

    assert estimate_tokens(request) > 0


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=9),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=8,
    )
)
def test_a_value_counts_at_least_as_much_as_its_json(value):
    """The estimate of a value is not below the estimate of its spelling."""
    from reenact.codec import canonical, plain

    assert value_tokens(value) >= text_tokens(canonical(plain(value)).decode())
