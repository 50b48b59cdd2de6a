"""Trace ids, what is read from outside, and what reaches a log line."""

import io
import json
import logging
import re
import sys
import unicodedata
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reenact.trace import (
    JsonFormatter,
    NeutralFormatter,
    TraceContext,
    TraceFilter,
    current_trace,
    iso_time,
    neutral,
    new_trace_id,
    parse_traceparent,
    span_id,
)

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"
BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@pytest.mark.parametrize(
    "header",
    [f"00-{TRACE}-{SPAN}-01", f"00-{TRACE}-{SPAN}-00", f"cc-{TRACE}-{SPAN}-01-what-the-future-will-be"],
)
def test_a_valid_traceparent_names_its_trace(header: str) -> None:
    """Later versions may say more behind what is known."""
    assert parse_traceparent(header) == TRACE


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        TRACE,
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-1",
        f"00-{TRACE[:-1]}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01\n",
        f" 00-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-0\u0661",
        f"01-{TRACE}-{SPAN}-01-{'x' * 500}",
    ],
)
def test_a_bad_traceparent_starts_a_new_trace(header: str | None) -> None:
    """Whatever the standard does not allow is as if nothing had been sent."""
    assert parse_traceparent(header) is None


@given(st.text() | st.from_regex(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}.*"))
def test_no_header_breaks_the_parser(header: str) -> None:
    """Any text gives a trace id of 32 digits that are not all zero, or nothing."""
    found = parse_traceparent(header)

    assert found is None or (re.fullmatch("[0-9a-f]{32}", found) and set(found) != {"0"})


def test_new_trace_ids_are_what_the_standard_wants() -> None:
    """32 hex digits, never all zeros, and another one each time."""
    made = {new_trace_id() for _ in range(300)}

    assert len(made) == 300
    assert all(re.fullmatch("[0-9a-f]{32}", one) and one[-2:] != "00" for one in made)


@given(st.text(), st.text(), st.integers(1, 99))
def test_a_span_is_named_by_what_it_is(run_id: str, path: str, attempt: int) -> None:
    """Exporting the same run twice makes the same spans; another attempt is another span."""
    context = TraceContext(TRACE, run_id, path, attempt)

    assert context.span_id == span_id(run_id, path, attempt) != span_id(run_id, path, attempt + 1)
    assert parse_traceparent(context.traceparent) == TRACE


def test_times_are_spelled_in_utc_to_the_millisecond() -> None:
    """As ISO 8601."""
    assert iso_time(0) == "1970-01-01T00:00:00.000Z"
    assert iso_time(1_700_000_000_123_456_789) == "2023-11-14T22:13:20.123Z"


# --- what reaches a terminal


@given(st.text(st.characters(exclude_categories=[])))
def test_neutral_text_holds_no_control_character(text: str) -> None:
    """Nothing that moves the cursor, breaks the line, turns the direction or is not there to be seen."""
    spelled = neutral(text)

    assert not [c for c in spelled if unicodedata.category(c) in ("Cc", "Zl", "Zp", "Cs") and c != "\t"]
    assert not set(spelled) & set(BIDI + "\u200b\u2060\ufeff\U000e0041")
    assert len(spelled.splitlines()) <= 1


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs", "M"])))
def test_what_is_harmless_stays(text: str) -> None:
    """Letters, numbers, signs and spaces of any script are left alone."""
    assert neutral(text) == text


def test_controls_are_spelled_so_that_a_person_sees_them() -> None:
    """And newlines are kept where the text may have lines."""
    assert neutral("a\nb\r\x1b[31m\u202e\U000e0041") == "a\\nb\\r\\x1b[31m\\u202e\\ue0041"
    assert neutral("a\nb\r", keep_newlines=True) == "a\nb\\r"


# --- log records


@pytest.fixture
def lines() -> Iterator[tuple[logging.Logger, io.StringIO, logging.Handler]]:
    logger = logging.Logger("app")
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(TraceFilter())
    logger.addHandler(handler)
    yield logger, stream, handler
    handler.close()


Lines = tuple[logging.Logger, io.StringIO, logging.Handler]


def test_a_record_says_which_step_it_comes_from(lines: Lines) -> None:
    """In a step its trace, run and path; outside of one a dash."""
    logger, stream, handler = lines
    handler.setFormatter(logging.Formatter("%(trace_id)s %(run_id)s %(step)s %(message)s"))

    logger.info("outside")
    token = current_trace.set(TraceContext(TRACE, "r1", "fetch#0"))
    logger.info("inside")
    current_trace.reset(token)

    assert stream.getvalue() == f"- - - outside\n{TRACE} r1 fetch#0 inside\n"


def test_a_text_line_cannot_be_broken_or_coloured(lines: Lines) -> None:
    """What is quoted in it is spelled out."""
    logger, stream, handler = lines
    handler.setFormatter(NeutralFormatter("%(message)s"))

    logger.info("said: %s", "ok\n2024 ERROR forged\x1b[2J")

    assert stream.getvalue() == "said: ok\\n2024 ERROR forged\\x1b[2J\n"


@given(st.text(st.characters(exclude_categories=[])))
def test_a_json_log_has_one_line_for_each_event(text: str) -> None:
    """Whatever is logged."""
    record = logging.LogRecord("app", logging.WARNING, __file__, 1, "%s", (text,), None)

    line = JsonFormatter().format(record)

    assert len(line.splitlines()) == 1
    assert line.isascii()
    assert json.loads(line)["message"] == text or max(text) >= "\ud800"


def test_a_json_line_has_the_exception(lines: Lines) -> None:
    """And level, logger and trace."""
    logger, stream, handler = lines
    handler.setFormatter(JsonFormatter())

    try:
        _ = 1 / 0
    except ZeroDivisionError:
        logger.exception("broke", exc_info=sys.exc_info())

    fields = json.loads(stream.getvalue())
    assert fields["level"] == "error"
    assert fields["trace_id"] == "-"
    assert fields["exception"].endswith("ZeroDivisionError: division by zero")
