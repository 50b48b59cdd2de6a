"""Prices: exact sums, names with a date, what is refused, and unknown that is never nothing."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reenact.config import load
from reenact.errors import ConfigError
from reenact.llm import Usage
from reenact.prices import Price, PriceList, Rate, configured_prices, plain_decimal

TODAY = date(2026, 11, 23)
RATE = Rate(input=Decimal("0.25"), output=Decimal(2), cached_input=Decimal("0.025"))


def named(*names: str) -> PriceList:
    """Return a list in which every name has a price of its own: its place, from 1."""
    rates = [Rate(input=Decimal(place), output=Decimal(0)) for place in range(1, len(names) + 1)]
    return PriceList({name: [Price(rate=rate)] for name, rate in zip(names, rates, strict=True)})


def found(prices: PriceList, model: str, on: date = TODAY) -> int | None:
    """Return which price a model gets."""
    price = prices.find(model, on)
    return None if price is None else int(price.rate.input)


@pytest.mark.parametrize(
    ("usage", "cost"),
    [
        (Usage(input_tokens=1, output_tokens=0), "0.00000025"),
        (Usage(input_tokens=1_000_000, output_tokens=1_000_000), "2.25"),
        (Usage(input_tokens=1000, output_tokens=10, cached_tokens=900), "0.0000675"),
        (Usage(input_tokens=10, output_tokens=0, cached_tokens=900), "0.00000025"),
        (Usage(input_tokens=1000, output_tokens=0, cache_write_tokens=100), "0.00025"),
        (Usage(input_tokens=9, output_tokens=9, billed_input_tokens=4, billed_output_tokens=0), "0.000001"),
        (Usage(input_tokens=0, output_tokens=0), "0"),
    ],
)
def test_a_cost_is_exact(usage: Usage, cost: str) -> None:
    """What was used times its price, without a digit lost and without an exponent."""
    assert f"{RATE.cost(usage):f}" == cost


@pytest.mark.parametrize("usage", [Usage(), Usage(input_tokens=5), Usage(output_tokens=5)])
def test_unknown_use_is_an_unknown_cost(usage: Usage) -> None:
    """A vendor that does not say what was used leaves the cost unknown, not 0."""
    assert RATE.cost(usage) is None


def test_cache_writes_have_their_price() -> None:
    """Tokens that are written to the cache cost what that costs; no token is counted twice."""
    rate = Rate(input=Decimal(4), output=Decimal(20), cached_input=Decimal("0.2"), cache_write=Decimal(5))
    usage = Usage(input_tokens=1_000_000, output_tokens=0, cached_tokens=600_000, cache_write_tokens=300_000)

    assert rate.cost(usage) == Decimal("0.4") + Decimal("0.12") + Decimal("1.5")


@given(st.decimals(0, 10**6, places=6), st.integers(0, 10**9))
def test_a_sum_is_what_arithmetic_says(price: Decimal, tokens: int) -> None:
    """The cost is the product of whole numbers, whatever the digits."""
    cost = Rate(input=price, output=Decimal(0)).cost(Usage(input_tokens=tokens, output_tokens=0))

    assert cost is not None
    assert int(cost * 10**12) == tokens * int(price * 10**6)
    assert cost == plain_decimal(cost)


def test_longer_requests_cost_more() -> None:
    """A request that is longer than a threshold is charged as a whole at the other rate."""
    table = {"input": "2", "output": "10", "above": [{"tokens": 200, "input": "4", "output": "20"}]}
    price = configured_prices({"a:m": table}).find("a:m", TODAY)

    assert price is not None
    costs = [price.cost(Usage(input_tokens=tokens, output_tokens=1)) for tokens in (200, 201)]
    assert costs == [Decimal("0.00041"), Decimal("0.000824")]


@pytest.mark.parametrize(
    ("model", "place"),
    [
        ("gpt-5", 1),
        ("gpt-5-2025-08-07", 1),
        ("gpt-5@20250807", 1),
        ("gpt-5-20250807", 1),
        ("gpt-5-mini", 2),
        ("gpt-5-mini-2025-08-07", 2),
        ("gpt-5-nano", None),
        ("gpt-5-2024-01-01", 3),
        ("gpt-5-latest", None),
        ("gpt-5.1", None),
        ("xgpt-5", None),
        ("claude-9-20261111", 4),
        ("claude-9-2026111x", None),
        ("llama-3.3-70b", 5),
        ("llama-3.3-70b-fast", 6),
        ("", None),
    ],
)
def test_which_names_have_a_price(model: str, place: int | None) -> None:
    """A name stands for itself and for itself with a date; a pattern for what it says; the longest wins."""
    prices = named(
        "gpt-5", "gpt-5-mini", "gpt-5-2024-01-01", "claude-9-########", "llama-3*", "llama-3*-fast"
    )

    assert found(prices, model) == place


def test_prices_change_on_their_day() -> None:
    """Of prices that change, the one that holds on the day is taken."""
    first, later = (Price(rate=RATE, since=since) for since in (None, date(2026, 12, 1)))
    prices = PriceList({"m": [first, later]})

    assert [prices.find("m", day) for day in (TODAY, date(2026, 12, 1))] == [first, later]
    assert PriceList({"m": [later]}).find("m", TODAY) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[prices."a:m"]\ninputt = "1"\noutput = "2"', "unknown key 'inputt'; did you mean 'input'?"),
        ('[prices."a:m"]\ninput = "1"', "missing key 'output'"),
        ('[prices."a:m"]\ninput = "1"\noutput = "x"', "must be USD for a million tokens"),
        ('[prices."a:m"]\ninput = "-1"\noutput = "2"', "must be USD for a million tokens"),
        ('[prices."a:m"]\ninput = "NaN"\noutput = "2"', "must be USD for a million tokens"),
        ('[prices."a:m"]\ninput = inf\noutput = "2"', "must be USD for a million tokens"),
        ('[prices."a:m"]\ninput = true\noutput = "2"', "must be USD for a million tokens"),
        ('[prices."a:m"]\ninput = "1"\noutput = "2"\nsince = "soon"', "must be a date"),
        ('[prices."a:m"]\ninput = "1"\noutput = "2"\nabove = 3', "must be a list of tables"),
        ('[prices."a:m"]\ninput = "1"\noutput = "2"\nabove = [{ token = 3 }]', "did you mean 'tokens'?"),
        ('[prices]\nm = { input = "1", output = "2" }', "must be named 'provider:model'"),
        ('[prices]\n"a:m" = "1"', "must be a table"),
    ],
)
def test_what_is_refused(text: str, said: str, tmp_path: Path) -> None:
    """A price that is none is refused, with the place, the file and what was expected."""
    file = tmp_path / "reenact.toml"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(ConfigError) as caught:
        load(file, environ={})

    assert said in str(caught.value)
    assert "prices." in str(caught.value)
    assert "reenact.toml" in str(caught.value)


@pytest.mark.parametrize("value", ["0.25", 0.25])
def test_a_price_in_toml_is_exact(value: Any) -> None:
    """A price is what it says, as text and as a number."""
    price = configured_prices({"a:m": {"input": value, "output": 2}}).find("a:m", TODAY)

    assert price is not None
    assert (price.rate.input, price.rate.output) == (Decimal("0.25"), Decimal(2))


def test_a_price_can_be_set_on_the_command_line() -> None:
    """A key that holds dots stands in quotes."""
    table = '{ input = "1", output = "2" }'

    config = load(environ={}, overrides=[f'prices."a:m-5.5"={table}'], start=Path("/"))

    assert found(config.prices, "a:m-5.5") == 1
