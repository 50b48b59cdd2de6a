# ruff: noqa: RUF001  # characters that look like others are the point here
"""Values written so that they are not seen."""

import base64
import html
import urllib.parse
from collections.abc import Callable

import pytest
from reenact_pii import Kind, find


def found(text: str, kind: Kind) -> list[str]:
    """Return what is found of *kind* in *text*."""
    return [text[item.start : item.end] for item in find(text) if item.kind == kind]


PLAIN = {
    Kind.EMAIL: "jo.smith@example.com",
    Kind.CREDIT_CARD: "4111 1111 1111 1111",
    Kind.US_SSN: "536-90-4399",
    Kind.IBAN: "DE89 3704 0044 0532 0130 00",
    Kind.PHONE: "+1 415-555-2671",
    Kind.IP: "203.0.113.77",
}

HIDE: dict[str, Callable[[str], str]] = {
    "full width": lambda v: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in v),
    "zero width": "\u200b".join,
    "word joiners": "\u2060".join,
    "soft hyphens": "\u00ad".join,
    "tags between": "\U000e0041".join,
    "Arabic-Indic digits": lambda v: v.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")),
    "Devanagari digits": lambda v: v.translate(str.maketrans("0123456789", "०१२३४५६७८९")),
    "mathematical digits": lambda v: v.translate({48 + i: chr(0x1D7CE + i) for i in range(10)}),
    "no-break signs": lambda v: v.replace(" ", "\u00a0").replace("-", "\u2011"),
    "dashes": lambda v: v.replace("-", "\u2013").replace(" ", "\u2009"),
    "look-alikes": lambda v: v.translate(str.maketrans("aeopcxE", "аеорсхЕ")),
    "some HTML": lambda v: "".join(c if c.isalnum() else f"&#{ord(c)};" for c in v),
    "all HTML": lambda v: "".join(f"&#x{ord(c):x};" for c in v),
    "URL": lambda v: urllib.parse.quote(v, safe=""),
    "URL twice": lambda v: urllib.parse.quote(urllib.parse.quote(v, safe=""), safe=""),
    "all URL": lambda v: "".join(f"%{ord(c):02X}" for c in v),
    "JSON escapes": lambda v: "".join(f"\\u{ord(c):04x}" for c in v),
    "base64": lambda v: base64.b64encode(v.encode()).decode(),
    "base64 twice": lambda v: base64.b64encode(base64.b64encode(v.encode())).decode(),
    "hex": lambda v: v.encode().hex(),
    "spaced": " ".join,
    "markup": lambda v: f"{v[:3]}<b>{v[3:6]}</b>{v[6:]}",
}

ADDRESSES = [
    "jo [at] example [dot] com",
    "jo(at)example(dot)com",
    "jo at example dot com",
    "jo AT example DOT com",
    "jo @ example . com",
    "jo[@]example[.]com",
    "jo.smith at gmail.com",
    "jo_at_example_dot_com",
    "jo arroba example punto com",
    "jo\\@example\\.com",
]


@pytest.mark.parametrize("kind", PLAIN)
@pytest.mark.parametrize("way", HIDE)
def test_a_hidden_value_is_found_where_it_stands(way: str, kind: Kind) -> None:
    """A value is found in every notation, at its positions in the text as it was given."""
    hidden = HIDE[way](PLAIN[kind])

    values = found(f"The customer gave {hidden} as the value.", kind)

    assert values == [hidden]


@pytest.mark.parametrize(
    ("hidden", "kind"),
    [
        ("4O12 8888 8888 l88l", Kind.CREDIT_CARD),
        ("4  0  1  2  8  8  8  8  8  8  8  8  1  8  8  1", Kind.CREDIT_CARD),
        ("jo.**smith**@example.com", Kind.EMAIL),
        ("DE89 3704 0044\n0532 0130 00", Kind.IBAN),
    ],
)
def test_a_value_that_was_made_hard_to_read_is_found(hidden: str, kind: Kind) -> None:
    """Letters for digits, wide gaps, styles and a line's end do not hide a value."""
    assert found(f"it is {hidden} as said", kind) == [hidden]


def test_a_text_in_invisible_letters_is_read() -> None:
    """What is written in tag characters, which nobody sees and models read, is found where it stands."""
    hidden = "".join(chr(0xE0000 + ord(char)) for char in "jo@example.com")

    assert found(f"hello {hidden} there", Kind.EMAIL) == [hidden]


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_spelled_out_address_is_found(address: str) -> None:
    """An e-mail address that is spelled out is found whole."""
    assert found(f"write to: {address}, please", Kind.EMAIL) == [address]


@pytest.mark.parametrize("size", [40, 4000])
def test_what_is_invisible_is_read_beside_what_is_not(size: int) -> None:
    """Of a text with tag characters in it the rest is found once, as it stands."""
    hidden = "".join(chr(0xE0000 + ord(char)) for char in "jo@example.com")
    text = f"card 4012 8888 8888 1881 {'and so on ' * size}{hidden} or mary@example.org"

    assert found(text, Kind.EMAIL) == [hidden, "mary@example.org"]
    assert found(text, Kind.CREDIT_CARD) == ["4012 8888 8888 1881"]


@pytest.mark.parametrize("digits", ["4 0 1 2 8 8 8 8 8 8 8 8 1 8 8 1", "0 1 7 1 2 3 4 5 6 7 8"])
@pytest.mark.parametrize("around", ["phone or card {}, said", "phone or card ({}) said", "card phone\n{}\n"])
def test_single_digits_are_found_from_the_first_to_the_last(digits: str, around: str) -> None:
    """A number whose digits stand singly is found once and whole, wherever it begins and ends."""
    text = around.format(digits)

    assert [text[hit.start : hit.end] for hit in find(text)] == [digits]


def test_a_card_amid_more_single_digits_is_found() -> None:
    """A digit before those of a card does not hide it."""
    card = "4 0 1 2 8 8 8 8 8 8 8 8 1 8 8 1"

    assert found(f"item 1 {card}, paid", Kind.CREDIT_CARD) == [card]


def test_named_digits_are_digits() -> None:
    """A number that is spelled out digit by digit is found."""
    spelled = "five five five five " * 3 + "four four four four"

    assert found(f"card {spelled} thanks", Kind.CREDIT_CARD) == [spelled]


@pytest.mark.parametrize(
    "number",
    [
        "four one one one, one one one one, one one one one, one one one one",
        "vier eins eins eins eins eins eins eins eins eins eins eins eins eins eins eins",
        "cuatro-uno-uno-uno-uno-uno-uno-uno-uno-uno-uno-uno-uno-uno-uno-uno",
        "dois dois dois um zero zero zero zero zero zero zero zero zero zero zero nove",
        "cinque cinque cinque cinque cinque cinque cinque cinque cinque cinque cinque cinque quattro quattro"
        " quattro quattro",
        "vijf vijf vijf vijf vijf vijf vijf vijf vijf vijf vijf vijf vier vier vier vier",
        "null-eins-fünf-eins-zwei-zwei-fünf-zwei-fünf-zwei-eins",
        "five one two, five five five, one two one two",
    ],
)
def test_digits_are_read_by_their_names_however_few_differ(number: str) -> None:
    """A long run of names of digits is a number, in several languages, though most of them are the same."""
    values = [f"call {number}."[item.start : item.end] for item in find(f"call {number}.")]

    assert values == [number]


SPACED_DIGITS = [
    ("phone", "0171-2345678", Kind.PHONE),
    ("call me at", "+49 171 2345678", Kind.PHONE),
    ("tel", "020 7946 0958", Kind.PHONE),
    ("card", "4111 1111 1111 1111", Kind.CREDIT_CARD),
    ("phone or card", "5555 5555 5555 4444", Kind.CREDIT_CARD),
    ("iban", "DE89 3704 0044 0532 0130 00", Kind.IBAN),
    ("phone or iban", "GB82 WEST 1234 5698 7654 32", Kind.IBAN),
    ("ssn", "536-90-4399", Kind.US_SSN),
    ("cpf", "111.444.777-35", Kind.NATIONAL_ID),
    ("bsn", "111222333", Kind.NATIONAL_ID),
    ("pesel", "44051401359", Kind.NATIONAL_ID),
    ("from", "159.217.20.239", Kind.IP),
    ("mail", "jo.smith@example.com", Kind.EMAIL),
]


@pytest.mark.parametrize(("word", "value", "kind"), SPACED_DIGITS)
@pytest.mark.parametrize("around", ["{} ok", "({}), ok", '"{}".', "<{}>", "{}, please", "{}"])
@pytest.mark.parametrize("gap", [" ", "  "])
def test_a_value_with_a_blank_between_all_its_signs_is_found_to_both_ends(
    gap: str, around: str, word: str, value: str, kind: Kind
) -> None:
    """Neither the first signs of a spaced value nor its last are left, whatever stands around it."""
    spaced = gap.join(value.replace(" ", ""))

    assert found(f"{word}: {around.format(spaced)}", kind) == [spaced]


@pytest.mark.parametrize("sign", ["-", ".", "_", "/", " - ", " . ", " / "])
@pytest.mark.parametrize(
    ("word", "digits", "kind"),
    [
        ("phone", "01712345678", Kind.PHONE),
        ("card", "4111111111111111", Kind.CREDIT_CARD),
        ("iban", "DE89370400440532013000", Kind.IBAN),
        ("ssn", "536904399", Kind.US_SSN),
        ("national id", "11144477735", Kind.NATIONAL_ID),
    ],
)
def test_a_number_with_a_sign_between_all_its_digits_is_found_to_its_end(
    word: str, digits: str, kind: Kind, sign: str
) -> None:
    """A number is read through hyphens, dots and strokes between its digits."""
    parted = sign.join(digits)

    assert found(f"{word} {parted} ok", kind) == [parted]


@pytest.mark.parametrize("cut", range(1, 11))
def test_a_spaced_number_is_found_to_its_end_wherever_it_is_not(cut: int) -> None:
    """Two digits side by side amid spaced ones do not end a telephone number."""
    digits = "01712345678"
    number = f"{' '.join(digits[:cut])}{' '.join(digits[cut:])}"

    assert found(f"phone {number} ok", Kind.PHONE) == [number]


@pytest.mark.parametrize(
    "text",
    [
        "look at github.com for more",
        "meet me at example.org",
        "at a suitable point within",
        "1 2 3 4 5 6 7 8 9 10",
        "[0 1 0 1 1 0 0 1 0 1 1 0], (1 2 3 4 5 6 7 8 9 0), ok",
        "x o x / o x o / x x o",
        "steps 0 - 1 - 7 - 1 - 2 - 3 - 4 - 5 - 6 - 7 - 8, scores 0/1/7/1/2/3/4/5/6/7/8",
        "the array is [0 1 7 1 2 3 4 5 6 7 8]",
        "ratio 1/2/3/4/5/6/7/8/9 or 9 - 8 - 7 - 6 - 5 - 4 - 3",
        "three four five six seven eight nine ten, one two one two one two one two",
        "un deux trois quatre cinq six sept huit neuf dix; eins zwei drei vier fünf sechs sieben acht neun",
        html.escape("a < b & c"),
    ],
)
def test_ordinary_text_hides_nothing(text: str) -> None:
    """Words and lists that only resemble hidden values are left alone."""
    for kind in Kind:
        assert found(text, kind) == []


def test_only_the_hidden_part_is_read_as_hidden() -> None:
    """A spaced value does not change what numbers elsewhere in the text are."""
    text = "offset 3365295698, ssn 5 3 6 - 9 0 - 4 3 9 9"

    assert found(text, Kind.PHONE) == []
    assert found(text, Kind.US_SSN) == ["5 3 6 - 9 0 - 4 3 9 9"]


def test_values_hidden_in_several_ways_are_found_beside_each_other() -> None:
    """That an at sign is spelled out in one place does not keep a dot from being read in another."""
    text = "jo [at] example [dot] com, or al@firma [dot] org from 8[.]8[.]4[.]4"

    assert found(text, Kind.EMAIL) == ["jo [at] example [dot] com", "al@firma [dot] org"]
    assert found(text, Kind.IP) == ["8[.]8[.]4[.]4"]


@pytest.mark.parametrize("filler", ["nothing to see in this line. ", "one, two or three 12 34 times\n"])
@pytest.mark.parametrize("count", [0, 3, 40, 400])
def test_a_value_hidden_in_a_long_text_is_found_like_one_in_a_short(filler: str, count: int) -> None:
    """What is far from a place that is spaced or spelled out is not looked at again, what is near is."""
    spaced = " ".join("jo@example.com")
    named = "five " * 12 + "four four four four"
    text = f"{filler * count}write to {spaced} ok. {filler * count}card {named}.\n{filler * count}"

    assert found(text, Kind.EMAIL) == [spaced]
    assert found(text, Kind.CREDIT_CARD) == [named]
