"""What becomes of ``key=value``."""

import enum
import uuid
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import attrs
import pytest
from reenact import workflow
from reenact.errors import InputError
from reenact_cli.arguments import Given, read_arguments


class Colour(enum.Enum):
    """A choice."""

    RED = "red"


@attrs.frozen
class Point:
    """A value with fields."""

    x: int
    y: int = 0


NOBODY = uuid.UUID(int=0)


@workflow(name="cli-typed")
async def typed(
    text: str = "",
    number: int = 0,
    ratio: float = 0.0,
    flag: bool = False,
    maybe: int | None = None,
    either: int | str = 0,
    words: list[str] = [],  # noqa: B006  # never changed
    point: Point = Point(0),
    colour: Colour = Colour.RED,
    mode: Literal["fast", "slow"] = "fast",
    path: Path = Path(),
    day: date = date(2000, 1, 1),
    price: Decimal = Decimal(0),
    who: uuid.UUID = NOBODY,
    anything: Any = None,
) -> None:
    """Take one of each."""


@workflow(name="cli-several")
async def several(first: int, *rest: int, **named: str) -> None:
    """Take any number."""


GOOD = {
    "text=1": "1",
    "text=a=b": "a=b",
    "text=": "",
    "number=-3": -3,
    "ratio=2": 2.0,
    "flag=true": True,
    "maybe=null": None,
    "maybe=4": 4,
    "either=x": "x",
    "either=5": 5,
    'words=["a", "b"]': ["a", "b"],
    'point={"x": 1}': Point(1),
    "colour=red": Colour.RED,
    "mode=slow": "slow",
    "path=a/b": Path("a/b"),
    "path=1": Path("1"),
    "day=2026-01-31": date(2026, 1, 31),
    "price=1.10": Decimal("1.10"),
    "who=00000000-0000-0000-0000-000000000001": uuid.UUID(int=1),
    "anything=[1]": [1],
    "anything=loose": "loose",
}


@pytest.mark.parametrize(("pair", "value"), GOOD.items(), ids=list(GOOD))
def test_the_annotation_says_how_it_is_read(pair: str, value: Any) -> None:
    """Text is text, and everything else what its type spells."""
    given = read_arguments(typed.spec, [pair], None)

    assert given == Given([], {pair.partition("=")[0]: value})


BAD = {
    "number=x": "must be int",
    "number=1.5": "must be int",
    "number=": "must be int",
    "flag=yes": "must be true or false",
    "flag=1": "must be true or false",
    "maybe=x": "must be int | None",
    "words=a": "must be list[str]",
    "words=[1": "must be list[str]",
    'point={"y": 1}': "must be Point",
    "colour=blue": "must be Colour",
    "mode=medium": "must be Literal['fast', 'slow']",
    "day=soon": "must be date",
    "nmber=1": "did you mean 'number'",
    "number": "is not KEY=VALUE",
    "=1": "is not KEY=VALUE",
}


@pytest.mark.parametrize(("pair", "said"), BAD.items(), ids=list(BAD))
def test_what_does_not_fit_is_refused(pair: str, said: str) -> None:
    """A value of another type is refused with the argument's name and what was expected."""
    with pytest.raises(InputError, match=r".") as caught:
        read_arguments(typed.spec, [pair], None)

    assert said in str(caught.value)


def test_any_number_of_arguments() -> None:
    """*args is a list, **kwargs takes any name, and what stands before *args goes by place."""
    given = read_arguments(several.spec, ["first=1", "rest=[2, 3]", "extra=4"], None)

    assert given == Given([1, 2, 3], {"extra": "4"})


def test_what_is_missing_is_named() -> None:
    """An argument without a default has to be given."""
    with pytest.raises(InputError, match=r"missing: first; give first=VALUE"):
        read_arguments(several.spec, [], None)
