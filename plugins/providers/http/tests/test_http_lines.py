"""Lines and events come out the same however the bytes were cut."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reenact_http.lines import LineReader, NdjsonFraming, SseFraming

TEXT = st.text(alphabet=st.sampled_from("ab:\u2028\u2029\x85\x0b\x0c\x1c é包\U0001f4e6 "), max_size=12)
ENDS = st.sampled_from([b"\n", b"\r", b"\r\n"])


def cut(data: bytes, at: list[int]) -> list[bytes]:
    """Return *data* in pieces, some of them empty."""
    edges = sorted({0, len(data), *(place % (len(data) + 1) for place in at)})
    return [b"", *(data[start:end] for start, end in pairwise(edges)), b""]


@given(lines=st.lists(st.tuples(TEXT, ENDS)), at=st.lists(st.integers(min_value=0)))
def test_lines_survive_every_cut(lines, at):
    """Lines are the same in one piece and in many; only LF, CR and CRLF end one."""
    texts = [text.encode() for text, _ in lines]
    data = b"".join(text + end for text, (_, end) in zip(texts, lines, strict=True))
    reader = LineReader()

    read = [line for piece in cut(data, at) for line in reader.feed(piece)]

    assert [*read, reader.rest()] == _expected(lines)


def _expected(lines):
    """Return what a person would read: a CR with an empty line and LF after it is one end and no line."""
    data = "".join(text + end.decode() for text, end in lines).replace("\r\n", "\n").replace("\r", "\n")
    return [line.encode() for line in data.split("\n")]


@given(
    values=st.lists(st.dictionaries(TEXT, TEXT, max_size=3), max_size=5),
    end=ENDS,
    at=st.lists(st.integers(min_value=0)),
    bom=st.booleans(),
)
def test_events_survive_every_cut(values, end, at, bom):
    """Every event comes out once, whole, whatever its line ends and wherever it was cut."""
    spelled = [json.dumps(value, ensure_ascii=False).encode() for value in values]
    data = b"".join(b": hi" + end + b"event: x" + end + b"data: " + text + end + end for text in spelled)
    framing = SseFraming()

    frames = [frame for piece in cut(b"\xef\xbb\xbf" * bom + data, at) for frame in framing.feed(piece)]

    assert [json.loads(frame.data) for frame in frames] == values
    assert list(framing.end()) == []


@given(
    values=st.lists(st.dictionaries(TEXT, TEXT, max_size=3), max_size=5),
    at=st.lists(st.integers(min_value=0)),
)
def test_values_a_line_survive_every_cut(values, at):
    """Every value comes out once, the last one also without its line's end."""
    data = b"\n".join(json.dumps(value, ensure_ascii=False).encode() for value in values)
    framing = NdjsonFraming()

    frames = [frame for piece in cut(data, at) for frame in framing.feed(piece)] + list(framing.end())

    assert [json.loads(frame.data) for frame in frames] == values


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"data\n\n", [b""]),
        (b"data:a\ndata: b\ndata:  c\n\n", [b"a\nb\n c"]),
        (b":\n\n", []),
        (b"event: x\n\n", []),
        (b"data: a\n", []),
        (b"\xef\xbb\xbfdata: a\n\n\xef\xbb\xbfdata: b\n\n", [b"a"]),
        (b"DATA: a\n\n", []),
    ],
)
def test_the_standard_by_example(data, expected):
    """Odd events are read as the standard says."""
    assert [frame.data for frame in SseFraming().feed(data)] == expected


def test_an_event_that_ends_with_cr_is_not_held_back():
    """An event whose last line ends with CR is there at once, though an LF may follow."""
    framing = SseFraming()

    assert [frame.data for frame in framing.feed(b"data: a\r\r")] == [b"a"]
    assert list(framing.feed(b"\n")) == []


def test_a_long_line_in_small_pieces_takes_linear_time():
    """A line of a million pieces is joined once."""
    reader = LineReader()
    for _ in range(1_000_000):
        reader.feed(b"x")

    assert len(reader.rest()) == 1_000_000
