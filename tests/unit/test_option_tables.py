"""The comparison of a page with options classes sees what has changed."""

from typing import Any

import attrs
import pytest
from option_tables import HEAD, NOT_SET, REQUIRED, Row, UnexplainedError, differences, read_rows, rows_of


@attrs.frozen(kw_only=True)
class Before:
    """What a page was made from.

    Attributes:
        pace: How fast, in steps for each second.
        mode: How.
    """

    pace: int = attrs.field(default=3, validator=attrs.validators.ge(1))
    mode: str = "warn"


@attrs.frozen(kw_only=True)
class Gained(Before):
    """One more.

    Attributes:
        depth: How deep.
    """

    depth: float


def changed(**other: Any) -> list[Row]:
    """Return the rows of a class in which the pace is other."""
    field = attrs.field(**{"default": 3, "validator": attrs.validators.ge(1), "type": int, **other})
    cls = attrs.make_class(
        "Before", {"pace": field, "mode": attrs.field(default="warn", type=str)}, kw_only=True
    )
    cls.__doc__ = Before.__doc__
    return rows_of(cls)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ([*rows_of(Before), *rows_of(Gained)], ["depth: it is not on the page"]),
        (rows_of(Before, ["mode"]), ["mode: there is no such key any more"]),
        (changed(default=4), ["pace: its default is '`4`', and on the page '`3`'"]),
        (changed(default=attrs.NOTHING), [f"pace: its default is {REQUIRED!r}, and on the page '`3`'"]),
        (changed(default=None), [f"pace: its default is {NOT_SET!r}, and on the page '`3`'"]),
        (changed(validator=attrs.validators.gt(1)), ["pace: its range is '> 1', and on the page '≥ 1'"]),
        (changed(type=str), ["pace: its type is 'string', and on the page 'integer'"]),
        (list(reversed(rows_of(Before))), ["the keys stand in another order"]),
        (rows_of(Before), []),
    ],
)
def test_what_differs_is_named(code: list[Row], said: list[str]) -> None:
    """A class that gains, loses or changes a key, and the page that does not."""
    page = "\n".join([*HEAD, *map(str, rows_of(Before))])

    assert differences(read_rows(page), {row.key: row for row in code}) == said


def test_a_key_that_nobody_explains_is_an_error() -> None:
    """A docstring without it, or a validator whose range cannot be read off."""
    silent = attrs.make_class("Silent", {"pace": attrs.field(default=1, type=int)})
    with pytest.raises(UnexplainedError, match=r"Silent\.pace: the docstring"):
        rows_of(silent)

    silent = attrs.make_class("Silent", {"pace": attrs.field(type=int, validator=lambda *_: None)})
    silent.__doc__ = Before.__doc__
    with pytest.raises(UnexplainedError, match="say in OWN"):
        rows_of(silent)
