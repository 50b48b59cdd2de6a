"""Text in pieces gives what the whole text gives."""

import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reenact_pii import StreamRestorer, StreamScrubber, Vault
from reenact_pii.streams import HOLD_CHARS, MAX_HELD_CHARS, STEP_CHARS

KEY = b"a key of a run, for tests only.."


def drawn(count: int, alphabet: str = string.ascii_letters + string.digits) -> str:
    """Return characters that look random and are the same in every run; keys are made here, none are kept."""
    source = random.Random(7)  # nothing secret depends on it
    return "".join(source.choice(alphabet) for _ in range(count))


FILLER = "and then there is some more to read here. "
VALUES = [
    "jo@example.com",
    "jo [at] example [dot] com",
    "4111 1111 1111 1111",
    "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
    "+1 (415) 555-2671",
    "DE89 3704 0044 0532 0130 00",
    "536-90-4399",
    "password is Tr0ub4dor&3",
    "2001:db8::ff00:42:8329",
    "ghp_" + drawn(36),
    "-----BEGIN PRIVATE KEY-----\n" + "\n".join([drawn(64)] * 12) + "\n-----END PRIVATE KEY-----",
    "eyJ" + drawn(300) + "." + drawn(900) + "." + drawn(43),
]


def scrubbed(pieces: list[str]) -> str:
    stream = StreamScrubber(Vault(KEY))
    return "".join([*map(stream.feed, pieces), stream.flush()])


@pytest.mark.parametrize("value", VALUES)
def test_a_value_cut_anywhere_is_found(value: str) -> None:
    """A value is scrubbed wherever the stream is cut, and what comes out is what the whole text gives."""
    text = FILLER * 12 + value + " " + FILLER * 12
    whole = Vault(KEY).scrub(text).text
    assert value not in whole

    first = len(FILLER) * 12 - 1
    for cut in range(first, first + len(value) + 2, max(1, len(value) // 40)):
        assert scrubbed([text[:cut], text[cut:]]) == whole, cut


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 1000])
def test_pieces_of_any_size_give_the_same(size: int) -> None:
    """The size of the pieces makes no difference."""
    text = FILLER.join(VALUES)

    pieces = [text[at : at + size] for at in range(0, len(text), size)]

    assert scrubbed(pieces) == Vault(KEY).scrub(text).text


def test_what_is_kept_back_of_ordinary_text_is_bounded() -> None:
    """Of ordinary text no more is kept back than is said."""
    stream = StreamScrubber(Vault(KEY))
    fed = given_out = 0
    for _ in range(200):
        given_out += len(stream.feed(FILLER))
        fed += len(FILLER)

        assert fed - given_out <= HOLD_CHARS + STEP_CHARS + len(FILLER)


def test_what_is_kept_back_of_a_word_without_end_is_bounded() -> None:
    """Not even a word that never ends is kept back for ever."""
    stream = StreamScrubber(Vault(KEY))
    fed = given_out = 0
    for _ in range(300):
        given_out += len(stream.feed("x" * 500))
        fed += 500

        assert fed - given_out <= MAX_HELD_CHARS * 5 // 4 + 1000


def test_a_stream_that_breaks_off_gives_its_rest_scrubbed() -> None:
    """What is kept back when a stream is cut off is scrubbed like all else."""
    stream = StreamScrubber(Vault(KEY))
    stream.feed("mail jo@example.com")

    assert "jo@" not in stream.flush()
    assert stream.flush() == ""


@given(
    st.lists(
        st.sampled_from(["[", "[[", "[[EMAIL_", "]]", "a", " ", "jo@example.com", "PLACEHOLDER"]), max_size=20
    ),
    st.integers(1, 9),
)
def test_restoring_in_pieces_is_restoring_the_whole(parts: list[str], size: int) -> None:
    """A placeholder cut anywhere is restored, and brackets that are none come through."""
    vault = Vault(KEY)
    text = "".join(parts).replace("PLACEHOLDER", vault.scrub("jo@example.com").text)
    stream = StreamRestorer(vault)

    out = [stream.feed(text[at : at + size]) for at in range(0, len(text), size)]

    assert "".join([*out, stream.flush()]) == vault.restore(text)


def test_a_restorer_keeps_nothing_back_of_ordinary_text() -> None:
    """Text without brackets goes straight through."""
    assert StreamRestorer(Vault(KEY)).feed("hello there") == "hello there"
