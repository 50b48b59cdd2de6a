"""Tables made into instances of options classes, and what does not fit named by its place."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest
from reenact.errors import ConfigError
from reenact.fitting import structure


@attrs.frozen
class Inner:
    words: list[str] = attrs.field(factory=list)


@attrs.frozen
class Options:
    name: str
    inner: Inner = attrs.field(factory=Inner)
    limits: dict[str, int] = attrs.field(factory=dict)
    path: Path = Path()
    price: Decimal = Decimal(0)
    count: "int" = attrs.field(default=1, validator=attrs.validators.ge(1))
    anything: Any = None


def test_options_are_structured_into_their_class() -> None:
    """Nested tables and all that cattrs knows."""
    table = {"name": "n", "inner": {"words": ["a"]}, "path": "x/y", "price": "1.50", "anything": [1]}

    options = structure(table, Options, "policies.x", {})

    assert options == Options("n", Inner(["a"]), path=Path("x/y"), price=Decimal("1.50"), anything=[1])


@pytest.mark.parametrize(
    ("table", "where", "problem"),
    [
        ({}, "policies.x", "missing key 'name'"),
        ({"name": "n", "nmae": 1}, "policies.x", "unknown key 'nmae'; did you mean 'name'"),
        ({"name": "n", "inner": 5}, "policies.x.inner", "must be a table, not 5"),
        ({"name": "n", "inner": {"word": 1}}, "policies.x.inner", "unknown key 'word'; did you mean 'words'"),
        ({"name": "n", "price": "x"}, "policies.x.price", "must be Decimal"),
        ({"name": "n", "count": 0}, "policies.x", "'count' must be >= 1"),
        ({"name": 5}, "policies.x.name", "must be str, not 5"),
    ],
)
def test_options_that_do_not_fit_are_refused(table: dict[str, Any], where: str, problem: str) -> None:
    """With the path of the table they stand in."""
    with pytest.raises(ConfigError, match=problem) as caught:
        structure(table, Options, "policies.x", {})

    assert caught.value.where == where


# --- lists of tables


@attrs.frozen(kw_only=True)
class Rule:
    """What stands in a list."""

    word: str
    times: int = 1


@attrs.frozen(kw_only=True)
class Rules:
    """A table with a list of tables."""

    rules: list[Rule] = attrs.field(factory=list)


def test_tables_in_lists_are_made() -> None:
    """Of their class, each with its defaults."""
    assert structure({"rules": [{"word": "a"}, {"word": "b", "times": 2}]}, Rules, "policies.x", {}) == Rules(
        rules=[Rule(word="a"), Rule(word="b", times=2)]
    )


IN_LISTS: list[tuple[Any, str]] = [
    (
        [{"word": "a", "tims": 2}],
        "unknown key 'tims'; did you mean 'times'? in [policies.x.rules[0]] (f.toml)",
    ),
    ([{"word": "a"}, {"times": 2}], "missing key 'word' in [policies.x.rules[1]]"),
    ([{"word": 5}], "must be str, not 5 in [policies.x.rules[0].word] (f.toml)"),
    ([{"word": "a"}, "b"], "must be a table, not 'b' in [policies.x.rules[1]] (f.toml)"),
    ({"word": "a"}, "must be a list of tables, not {'word': 'a'} in [policies.x.rules] (f.toml)"),
]


@pytest.mark.parametrize(("value", "problem"), IN_LISTS)
def test_what_is_wrong_in_a_list_is_named(value: Any, problem: str) -> None:
    """With its place in the list, from 0, and the file."""
    with pytest.raises(ConfigError) as caught:
        structure({"rules": value}, Rules, "policies.x", {"policies.x.rules": "f.toml"})

    assert str(caught.value) == problem
