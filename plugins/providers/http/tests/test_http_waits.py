"""How long to wait, in every spelling."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reenact_http.waits import duration, retry_after

DATE = "Mon, 23 Nov 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("34s", 34.0),
        ("3.25s", 3.25),
        ("6m0s", 360.0),
        ("20ms", 0.02),
        ("1h2m3s", 3723.0),
        ("1d", 86400.0),
        ("0s", 0.0),
        ("", None),
        ("soon", None),
        ("-3s", None),
        ("s", None),
        ("9" * 50 + "s", None),
    ],
)
def test_durations(text, expected):
    """Durations of Google and OpenAI are read; what is none is None."""
    assert duration(text) == expected


@pytest.mark.parametrize(
    ("headers", "in_body", "expected"),
    [
        ({"retry-after": "7"}, "34s", 7.0),
        ({}, "34s", 34.0),
        ({}, "1000000s", 60.0),
        ({"retry-after": "bad"}, "34s", 34.0),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "12ms"}, None, 0.012),
        ({"x-ratelimit-remaining-tokens": "9", "x-ratelimit-reset-tokens": "6m0s"}, None, None),
        (
            {
                "date": DATE,
                "anthropic-ratelimit-tokens-remaining": "0",
                "anthropic-ratelimit-tokens-reset": "2026-11-23T12:00:21Z",
            },
            None,
            21.0,
        ),
        ({"retry-after": "Mon, 23 Nov 2026 12:00:09 GMT", "date": DATE}, None, 9.0),
        ({"retry-after": "Monday, 23-Nov-26 12:00:09 GMT", "date": DATE}, None, 9.0),
        ({"retry-after": "Mon, 23 Nov 9999 12:00:09 GMT", "date": DATE}, None, 60.0),
        ({"retry-after": "Mon, 23 Nov 1026 12:00:09 GMT", "date": DATE}, None, 0.0),
        ({"retry-after": "0"}, None, 0.0),
        ({"retry-after": "-0.5"}, None, 0.0),
        ({"retry-after-ms": "-1"}, None, 0.0),
        ({"retry-after": "1e400"}, None, None),
    ],
)
def test_spellings(headers, in_body, expected):
    """The first spelling that can be read counts, cut to the limit."""
    assert retry_after(headers, in_body, most_s=60.0) == pytest.approx(expected)


def test_a_date_without_the_servers_own_is_measured_by_our_clock():
    """Without a Date header the machine's clock says how far off a date is."""
    assert retry_after({"retry-after": "Mon, 23 Nov 2015 12:00:00 GMT"}, None, most_s=60.0) == 0.0


NAMES = [
    "retry-after",
    "retry-after-ms",
    "date",
    "x-ratelimit-reset-tokens",
    "anthropic-ratelimit-tokens-reset",
]


@given(
    headers=st.dictionaries(st.sampled_from(NAMES), st.text(max_size=40)),
    in_body=st.none() | st.text(max_size=40),
)
def test_nothing_a_server_says_is_out_of_bounds(headers, in_body):
    """Whatever the headers hold, the wait is None or within the limit."""
    spent = {"x-ratelimit-remaining-tokens": "0", "anthropic-ratelimit-tokens-remaining": "0"}

    wait_s = retry_after({**spent, **headers}, in_body, most_s=60.0)

    assert wait_s is None or 0.0 <= wait_s <= 60.0
