"""What a vendor says becomes one kind of error, without what we had told it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reenact import errors
from reenact_http.failures import failure
from reenact_http.redact import GAP, clean

KEY = "sk-proj-abcDEF0123456789"
PROMPT = "Where is the parcel of Ms Quillfeather?"


def failed(status, body, *, texts=(), **headers):
    """Return the error that an answer stands for."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return failure("acme", status, headers, data, most_wait_s=60.0, texts=texts)


@pytest.mark.parametrize(
    ("status", "body", "kind", "message"),
    [
        (
            400,
            {"error": {"code": "content_filter", "message": "no", "innererror": {"code": "x"}}},
            "ContentFilter",
            "no",
        ),
        (404, {"error": {"code": "DeploymentNotFound", "message": "none"}}, "ModelNotFound", "none"),
        (429, {"error": {"code": "429", "message": "slow"}}, "RateLimited", "slow"),
        (429, {"error": {"code": "insufficient_quota", "message": "pay"}}, "Quota", "pay"),
        (
            400,
            {"object": "error", "message": "bad", "type": "BadRequestError", "code": 400},
            "BadRequest",
            "bad",
        ),
        (400, {"error": "model requires more"}, "BadRequest", "model requires more"),
        (
            422,
            {"detail": [{"loc": ["x"], "msg": "extra", "type": "t", "input": "secret"}]},
            "BadRequest",
            "extra",
        ),
        (401, {"detail": "Unauthorized"}, "Authentication", "Unauthorized"),
        (
            400,
            {"error": {"message": "This model's maximum context length is 8192 tokens."}},
            "ContextTooLong",
            "This",
        ),
        (400, {"message": "too many tokens: total number"}, "ContextTooLong", "too many"),
        (
            400,
            {
                "error": {
                    "status": "INVALID_ARGUMENT",
                    "message": "k",
                    "details": [{"reason": "API_KEY_INVALID"}],
                }
            },
            "Authentication",
            "k",
        ),
        (
            None,
            {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
            "Overloaded",
            "Over",
        ),
        (
            None,
            {"error": {"code": 429, "message": "slow", "status": "RESOURCE_EXHAUSTED"}},
            "RateLimited",
            "slow",
        ),
        (None, {"error": "boom"}, "Server", "boom"),
        (None, {"error": {"type": "invalid_request_error", "message": "bad"}}, "BadRequest", "bad"),
        (402, {}, "Quota", ""),
        (498, {"message": "denied"}, "ContentFilter", "denied"),
        (499, {"message": "cancelled"}, "ConnectionLost", "cancelled"),
        (529, b"", "Overloaded", ""),
        (204, b"", "MalformedAnswer", ""),
        (301, b"", "MalformedAnswer", "moved"),
    ],
)
def test_bodies_of_vendors(status, body, kind, message):
    """Each shape of an error's body becomes its kind, with the vendor's words."""
    error = failed(status, body)

    assert type(error).__name__ == f"{kind}Error" or type(error) is getattr(
        errors, f"Provider{kind}Error", None
    )
    assert message in error.message


def test_a_validators_copy_of_the_input_is_left_out():
    """What a validator repeats of the request is not read at all."""
    error = failed(422, {"detail": [{"msg": "extra", "input": {"text": PROMPT}, "ctx": {"message": PROMPT}}]})

    assert error.message == "extra"


@pytest.mark.parametrize(
    ("status", "wish", "retryable"),
    [
        (400, "true", True),
        (500, "false", False),
        (501, "", False),
        (505, "", False),
        (520, "", True),
        (429, "", True),
        (409, "", True),
        (408, "", True),
        (404, "", False),
        (307, "", False),
        (500, "maybe", True),
    ],
)
def test_whether_another_try_may_help(status, wish, retryable):
    """The status says whether to try again, unless the vendor does."""
    assert failed(status, b"", **{"x-should-retry": wish}).retryable is retryable


def test_only_what_can_be_retried_says_when():
    """A wait is kept for errors that a wait can help."""
    assert failed(429, b"", **{"retry-after": "7"}).retry_after_s == 7.0
    assert failed(400, b"", **{"retry-after": "7"}).retry_after_s is None


@given(status=st.none() | st.integers(min_value=200, max_value=599), body=st.binary(max_size=200))
def test_any_body_is_some_error(status, body):
    """No body is so odd that it is not told by its status."""
    assert isinstance(failed(status, body), errors.ProviderError)


@given(
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["error", "message", "detail", "code", "type", "details"]), inner
            )
        ),
    )
)
def test_any_json_is_some_error(value):
    """No JSON is so odd that it is not told by its status."""
    assert isinstance(failed(400, value), errors.ProviderError)


@pytest.mark.parametrize(
    ("message", "left"),
    [
        (f"cannot read '{PROMPT}'", f"cannot read '{GAP}'"),
        (f"cannot read 'xx{PROMPT[5:30]}yy'", f"cannot read 'xx{GAP}yy'"),
        (f"Incorrect API key provided: {KEY}.", f"Incorrect API key provided: {GAP}."),
        ("Incorrect API key provided: sk-proj-****6789.", f"Incorrect API key provided: {GAP}"),
        ("Authorization: Bearer abc.def", f"Authorization: {GAP}"),
        ("Unsupported parameter: 'max_completion_tokens'", "Unsupported parameter: 'max_completion_tokens'"),
        ("two\nlines\x1b[31m", "two\\nlines\\x1b[31m"),
        ("x" * 900, "x" * 500),
    ],
)
def test_what_is_taken_out(message, left):
    """The prompt, pieces of it and whatever looks like a key are taken out; the rest stays."""
    assert clean(message, [PROMPT, KEY, "", "no"]) == left


@given(prompt=st.text(min_size=12, max_size=80), before=st.text(max_size=20), after=st.text(max_size=20))
def test_no_prompt_survives(prompt, before, after):
    """Whatever the vendor puts around a prompt, the prompt is not in the error."""
    assert prompt not in clean(f"{before}{prompt}{after}", [prompt])
