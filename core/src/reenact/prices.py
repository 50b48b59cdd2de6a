"""What a call costs: prices by model, and their sum over tokens, exactly.

A price that is not known makes a cost that is not known, never 0. A provider's own prices
come with its plugin, in a file that names its source and its date; what the configuration
says in ``[prices]`` goes before them. Names are found as they stand, then as they stand with
a date behind, then by pattern: ``*`` stands for anything, ``#`` for one digit.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Context, Decimal, InvalidOperation
from typing import Any

import attrs

from reenact.errors import ConfigError, did_you_mean
from reenact.llm import Usage

_MILLION = -6
_EXACT = Context(prec=60)
_DATED = re.compile(r"[-@](?:\d{4}-\d{2}-\d{2}|\d{8})")


@attrs.frozen(kw_only=True)
class Rate:
    """Prices in USD for a million tokens.

    Attributes:
        input: Of tokens read.
        output: Of tokens written.
        cached_input: Of tokens that came from the vendor's cache; as *input* if not set.
        cache_write: Of tokens that were written to it; as *input* if not set.
    """

    input: Decimal
    output: Decimal
    cached_input: Decimal | None = None
    cache_write: Decimal | None = None

    def cost(self, usage: Usage) -> Decimal | None:
        """Return the price in USD of what was used; None if that is not known."""
        read, written = usage.billed_input_tokens, usage.billed_output_tokens
        read = usage.input_tokens if read is None else read
        written = usage.output_tokens if written is None else written
        if read is None or written is None:
            return None
        cached = min(usage.cached_tokens, read)
        stored = min(usage.cache_write_tokens, read - cached)
        priced = (
            (read - cached - stored, self.input),
            (cached, self.input if self.cached_input is None else self.cached_input),
            (stored, self.input if self.cache_write is None else self.cache_write),
            (written, self.output),
        )
        total = Decimal(0)
        for tokens, price in priced:
            total = _EXACT.add(total, _EXACT.multiply(Decimal(tokens), price))
        return plain_decimal(total.scaleb(_MILLION, _EXACT))


@attrs.frozen(kw_only=True)
class Above:
    """Another rate for requests that are longer.

    Attributes:
        tokens: It holds for the whole of a call that reads more than so many tokens.
        rate: What holds then.
    """

    tokens: int
    rate: Rate


@attrs.frozen(kw_only=True)
class Price:
    """What one model costs.

    Attributes:
        rate: What holds for most calls.
        above: Rates of longer requests, by growing length.
        since: The day from which it holds; always if not set.
    """

    rate: Rate
    above: tuple[Above, ...] = ()
    since: date | None = None

    def rate_for(self, input_tokens: int) -> Rate:
        """Return the rate of a call that reads so many tokens."""
        found = self.rate
        for above in self.above:
            if input_tokens > above.tokens:
                found = above.rate
        return found

    def cost(self, usage: Usage) -> Decimal | None:
        """Return the price in USD of what was used; None if that is not known."""
        return self.rate_for(usage.input_tokens or 0).cost(usage)


@attrs.frozen
class PriceList:
    """Prices by model.

    Attributes:
        prices: By name or pattern; several of one model if its price changes, the earliest first.
        source: Where they are from.
        read: When they were read there.
    """

    prices: Mapping[str, Sequence[Price]] = attrs.field(factory=dict)
    source: str = ""
    read: date | None = None

    def find(self, model: str, on: date) -> Price | None:
        """Return what *model* costs on a day; None if that is not known."""
        for name in self._names(model):
            held = [one for one in self.prices[name] if one.since is None or one.since <= on]
            if held:
                return held[-1]
        return None

    def _names(self, model: str) -> Iterable[str]:
        """Yield the names that fit *model*, the one that says most first."""
        if model in self.prices:
            yield model
        yield from sorted((name for name in self.prices if _fits(name, model)), key=len, reverse=True)


def _fits(name: str, model: str) -> bool:
    if "*" in name or "#" in name:
        pattern = re.escape(name).replace(r"\*", ".*").replace(r"\#", "[0-9]")
        return re.fullmatch(pattern, model, re.DOTALL) is not None
    return model.startswith(name) and _DATED.fullmatch(model, len(name)) is not None


def plain_decimal(value: Decimal) -> Decimal:
    """Return *value* without zeros at its end and without an exponent."""
    exact = value.normalize(_EXACT)
    return exact.quantize(Decimal(1), context=_EXACT) if exact.as_tuple().exponent > 0 else exact  # type: ignore[operator]  # finite


# --- reading --------------------------------------------------------------------------------------

_RATE_KEYS = ("input", "output", "cached_input", "cache_write")
_PRICE_KEYS = (*_RATE_KEYS, "above", "since")
_PRICE_MAX = Decimal(1_000_000)


def read_prices(package: str, name: str = "prices.toml") -> PriceList:
    """Return the prices that a package ships in a file beside its modules.

    .. code-block:: toml

        source = "the vendor's page of prices"
        read = 2026-11-22

        [[models]]
        names = ["acme-large", "acme-large-#"]
        input = "2"
        cached_input = "0.2"
        output = "10"
        above = [{ tokens = 200000, input = "4", output = "20" }]

    Raises:
        ConfigError: If something in it is wrong.
    """
    import tomllib
    from importlib.resources import files  # late: most processes ask for no price

    values = tomllib.loads((files(package) / name).read_text(encoding="utf-8"))
    where = f"{package}/{name}"
    _check_keys(values, ("source", "read", "models"), where)
    prices: dict[str, list[Price]] = {}
    for number, model in enumerate(values["models"]):
        here = f"{where}: models[{number}]"
        _check_keys(model, (*_PRICE_KEYS, "names"), here)
        price = _price({key: value for key, value in model.items() if key != "names"}, here)
        for spelled in model["names"]:
            prices.setdefault(spelled, []).append(price)
    for listed in prices.values():
        listed.sort(key=lambda one: one.since or date.min)
    return PriceList(prices, values["source"], values["read"])


def configured_prices(tables: Mapping[str, Any]) -> PriceList:
    """Return the prices of ``[prices."provider:model"]``.

    Raises:
        ConfigError: An unknown key (with a suggestion), a missing one, or a price that is none.
    """
    prices: dict[str, list[Price]] = {}
    for name, table in tables.items():
        where = f'prices."{name}"'
        if ":" not in name:
            raise ConfigError("must be named 'provider:model', such as \"openai:gpt-5-mini\"", where)
        if not isinstance(table, Mapping):
            raise ConfigError('must be a table, such as { input = "0.25", output = "2" }', where)
        _check_keys(table, _PRICE_KEYS, where)
        prices[name] = [_price(table, where)]
    return PriceList(prices)


def _price(table: Mapping[str, Any], where: str) -> Price:
    longer = table.get("above", [])
    if not isinstance(longer, list) or not all(isinstance(one, Mapping) for one in longer):
        raise ConfigError("must be a list of tables", f"{where}.above")
    since = table.get("since")
    if since is not None and type(since) is not date:
        raise ConfigError("must be a date, such as 2026-12-01", f"{where}.since")
    above = [_above(one, f"{where}.above[{number}]") for number, one in enumerate(longer)]
    above.sort(key=lambda one: one.tokens)
    return Price(rate=_rate(table, where), above=tuple(above), since=since)


def _above(table: Mapping[str, Any], where: str) -> Above:
    _check_keys(table, (*_RATE_KEYS, "tokens"), where)
    tokens = table.get("tokens")
    if type(tokens) is not int or tokens < 0:
        raise ConfigError("must be a number of tokens", f"{where}.tokens")
    return Above(tokens=tokens, rate=_rate(table, where))


def _rate(table: Mapping[str, Any], where: str) -> Rate:
    for key in ("input", "output"):
        if key not in table:
            raise ConfigError(f"missing key {key!r}", where)
    return Rate(**{key: _amount(table[key], f"{where}.{key}") for key in _RATE_KEYS if key in table})


def _amount(value: object, where: str) -> Decimal:
    """Return a price: text is exact, a number of TOML is what its shortest spelling says."""
    try:
        amount = Decimal(str(value)) if type(value) in (str, int, float) else Decimal("NaN")
    except InvalidOperation:
        amount = Decimal("NaN")
    if not (amount.is_finite() and 0 <= amount <= _PRICE_MAX):
        raise ConfigError(
            f'must be USD for a million tokens, from 0 up, such as "0.25", not {value!r:.40}', where
        )
    return amount


def _check_keys(table: Mapping[str, Any], known: Sequence[str], where: str) -> None:
    for key in table:
        if key not in known:
            raise ConfigError(f"unknown key {key!r}{did_you_mean(key, list(known))}", where)
