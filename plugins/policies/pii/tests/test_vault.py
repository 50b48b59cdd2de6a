"""Placeholders: stable, reversible, not to be forged, and without the value in them."""

import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reenact_pii import Kind, Vault, find

KEY = b"a key of a run, for tests only.."

VALUES = st.sampled_from(
    [
        "jo@example.com",
        "4111 1111 1111 1111",
        "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
        "+1 415-555-2671",
        "536-90-4399",
        "8.8.4.4",
        "password: Tr0ub4dor&3",
        "jo [at] example [dot] com",
        "[[EMAIL_aaaaaaaaaaaaaaaa]]",
        "[[",
        "]]",
        "[[QUOTED_",
        "&#64;",
        "\\u0040",
        "\u200b",
        "\ud800",
    ]
)
TEXTS = st.lists(VALUES | st.text(max_size=12), max_size=12).map(" ".join) | st.lists(
    VALUES | st.text(max_size=3), max_size=9
).map("".join)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@pytest.fixture
def vault() -> Vault:
    return Vault(KEY)


@given(TEXTS)
def test_restoring_is_the_inverse_of_scrubbing(text: str) -> None:
    """Scrubbing and then restoring gives back exactly what was given, place-holder look-alikes included."""
    vault = Vault(KEY)

    once = vault.scrub(text).text
    twice = vault.scrub(once).text

    assert vault.restore(once) == text
    assert vault.restore(twice) == once


@given(st.lists(VALUES, max_size=8).map(" and ".join))
def test_a_scrubbed_text_holds_no_value(text: str) -> None:
    """Nothing more is found in a scrubbed text whose values stood apart."""
    vault = Vault(KEY, keep_own=True)

    scrubbed = vault.scrub(text)

    assert vault.scrub(scrubbed.text).replacements == ()


@given(JSON)
def test_plain_values_come_back(value: object) -> None:
    """Lists, mappings, keys and numbers are scrubbed and restored without loss."""
    vault = Vault(KEY)

    scrubbed, _ = vault.scrub_value(value)

    assert vault.restore_value(scrubbed) == value


@given(TEXTS)
def test_json_stays_json(text: str) -> None:
    """Scrubbing JSON text in which values stand inside strings leaves it valid, escapes included."""
    spelled = json.dumps({"note": text, "list": [text, 1]})

    scrubbed = Vault(KEY).scrub(spelled)

    if not any(item.start < spelled.index("note") for item in scrubbed.replacements):
        json.loads(scrubbed.text)


def test_a_value_has_one_placeholder_in_a_run_and_another_in_the_next() -> None:
    """The same value stands behind the same placeholder all through a run, and in no other run."""
    first, again, other = Vault(KEY), Vault(KEY), Vault(KEY[::-1])

    texts = [vault.scrub("mail jo@example.com").text for vault in (first, first, again, other)]

    assert texts[0] == texts[1] == texts[2] != texts[3]


def test_a_placeholder_that_was_not_given_out_is_text(vault: Vault) -> None:
    """What a model makes up restores to nothing."""
    placeholder = vault.scrub("jo@example.com").text
    forged = placeholder[:-3] + ("a" if placeholder[-3] != "a" else "b") + "]]"

    assert vault.restore(f"{forged} [[CREDIT_CARD_{'a' * 16}]]") == f"{forged} [[CREDIT_CARD_{'a' * 16}]]"


def test_a_placeholder_of_another_run_restores_nothing(vault: Vault) -> None:
    """A placeholder is worth something in its own run only."""
    foreign = Vault(KEY[::-1]).scrub("jo@example.com").text

    assert vault.restore(foreign) == foreign


def test_nothing_shows_the_values(vault: Vault) -> None:
    """Neither the placeholder nor the vault's own words hold anything of the value."""
    text = vault.scrub("card 4111111111111111").text

    assert "4111" not in text + repr(vault)
    assert set(text.split("_")[-1][:16]) <= set(string.ascii_lowercase + "234567")


@pytest.mark.parametrize(
    ("action", "text"), [("mask", "[EMAIL]"), ("keep", "jo@example.com"), ("deny", "[EMAIL]")]
)
def test_each_action_does_what_it_says(action: str, text: str) -> None:
    """A value is masked, kept, or taken out with the call to be denied."""
    scrubbed = Vault(KEY, actions={Kind.EMAIL: action}).scrub("jo@example.com")  # type: ignore[dict-item]

    assert scrubbed.text == text
    assert scrubbed.denied == ({Kind.EMAIL} if action == "deny" else frozenset())


def test_hashes_are_the_same_in_all_runs_with_the_same_hash_key() -> None:
    """A hash lets runs be compared; without the key nobody can test a guess."""
    texts = {
        Vault(key, otherwise="hash", hash_key=b"h").scrub("jo@example.com").text for key in (KEY, KEY[::-1])
    }

    assert len(texts) == 1
    assert texts != {Vault(KEY, otherwise="hash", hash_key=b"g").scrub("jo@example.com").text}


def test_replacements_say_where_in_the_text_as_given(vault: Vault) -> None:
    """Each replacement names its place, kind and rule."""
    text = "to jo@example.com"

    (made,) = vault.scrub(text).replacements

    assert (made.start, made.end, made.kind, made.why) == (3, 17, Kind.EMAIL, "address")


def test_a_number_in_a_plain_value_comes_back_as_a_number(vault: Vault) -> None:
    """A card number that is a JSON number is taken out and comes back as a number."""
    scrubbed, made = vault.scrub_value({"pan": 4111111111111111, "count": 12})

    assert scrubbed["count"] == 12
    assert "4111111111111111" not in json.dumps(scrubbed)
    assert len(made) == 1
    assert vault.restore_value(scrubbed) == {"pan": 4111111111111111, "count": 12}


def test_a_short_key_is_refused() -> None:
    """A vault whose placeholders could be guessed is not made."""
    with pytest.raises(ValueError, match="16 bytes"):
        Vault(b"short")


def test_what_is_nested_too_deep_is_refused(vault: Vault) -> None:
    """A value that cannot be looked through to its end is an error, not let through."""
    value: list[object] = []
    for _ in range(500):
        value = [value]

    with pytest.raises(ValueError, match="nested"):
        vault.scrub_value(value)


@given(st.text() | TEXTS)
def test_findings_are_in_order_inside_the_text_and_apart(text: str) -> None:
    """Whatever the text, positions are those of the original, in order, not empty and without overlap."""
    findings = find(text)

    edges = [edge for item in findings for edge in (item.start, item.end)]
    assert edges == sorted(edges)
    assert all(item.start < item.end <= len(text) for item in findings)
