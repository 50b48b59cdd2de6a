"""Write the price files of the provider plugins anew, from the data of the package ``genai-prices``.

.. code-block:: console

    uv run --with genai-prices python plugins/providers/http/refresh_prices.py

Taken are models that read and write text, at list price for a call that is answered at once; of prices
that change, the one that holds and those that are announced. What has no spelling here (another price for
pictures or sound, by the hour, by region) is left out: then the cost is unknown.
"""

import re
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from typing import Any

PLUGINS = {
    "openai": "openai",
    "anthropic": "anthropic",
    "google": "gemini",
    "mistral": "mistral",
    "cohere": "cohere",
}
FIELDS = {
    "input_mtok": "input",
    "cache_read_mtok": "cached_input",
    "cache_write_mtok": "cache_write",
    "output_mtok": "output",
}
PASSED_OVER = re.compile("cache_write_1h|web_searches|storage_searches|maps_searches|audio|grounding")
"""What is charged for things that a call of text and pictures does not ask for."""

NOT_TEXT = re.compile(
    r"audio|image|realtime|transcri|tts|embed|search|moderation|whisper|computer-use|live|robotics|ocr|rerank"
    r"|veo|imagen|lyria|vision|instruct|davinci|babbage|ada|curie|^ft[:.]|\.ft-|guard|voxtral|translate|omni"
)
ENDINGS = ("-###", "-preview", "-preview-##-##", "-preview-##-####")
"""What stands behind a model's name."""

OTHERS = re.compile(r"^claude|^gemma|^llama|^jamba")
"""Models of one vendor that another one sells, under other terms."""


def main() -> None:
    """Write the files."""
    from genai_prices.data import providers

    here = Path(__file__).parent.parent
    today = datetime.now(UTC).date()
    for provider in providers:
        plugin = PLUGINS.get(provider.id)
        if plugin:
            file = here / plugin / "src" / f"reenact_{plugin}" / "prices.toml"
            file.write_text(_file(provider, today), encoding="utf-8")
            sys.stdout.write(f"{file.relative_to(here)}\n")


def _file(provider: Any, today: date) -> str:
    pages = " ".join(provider.pricing_urls[:1])
    head = (
        "# USD for a million tokens. Written by refresh_prices.py of reenact-http.\n"
        f'source = "genai-prices {version("genai-prices")} (MIT), which reads {pages}"\n'
        f"read = {today}\n"
    )
    wanted = [
        model for model in provider.models if not (NOT_TEXT.search(model.id) or _is_other(provider, model))
    ]
    others = {
        name for model in provider.models if model not in wanted for name in (model.id, *_names(model.match))
    }
    return head + "".join(f"\n{table}" for model in wanted for table in _tables(model, others, today))


def _is_other(provider: Any, model: Any) -> bool:
    return provider.id != "anthropic" and OTHERS.match(model.id) is not None


def _tables(model: Any, others: set[str], today: date) -> Iterator[str]:
    found = {narrow for name in _names(model.match) for narrow in _narrow(name, others)}
    names = sorted(found, key=lambda name: (len(name), name))
    for since, prices in _held(model.prices, today):
        spelled = _price(prices)
        if names and spelled:
            listed = ", ".join(f'"{name}"' for name in names)
            yield "\n".join(
                ["[[models]]", f"names = [{listed}]", *([f"since = {since}"] if since else []), spelled, ""]
            )


def _narrow(name: str, others: set[str]) -> Iterator[str]:
    """Yield a name as it is; in place of a star that takes in what is left out here, usual endings."""
    bare = name.removesuffix("*")
    if name == bare or not any(other.startswith(bare) for other in others):
        yield name
    else:
        yield from (bare, *(f"{bare}{ending}" for ending in ENDINGS))


def _held(prices: Any, today: date) -> list[tuple[date | None, Any]]:
    """Return the prices that hold or are announced, each with the day from which on it does."""
    if not isinstance(prices, list):
        return [(None, prices)]
    if any(one.constraint is not None and not hasattr(one.constraint, "start_date") for one in prices):
        return []
    dated = sorted(
        ((one.constraint.start_date if one.constraint else date.min, one.prices) for one in prices),
        key=lambda pair: pair[0],
    )
    begun = [pair for pair in dated if pair[0] <= today]
    return [(None, begun[-1][1]), *(pair for pair in dated if pair[0] > today)]


def _price(prices: Any) -> str:
    """Return the lines of one price; nothing if it has no spelling here."""
    given = {name: getattr(prices, name) for name in vars(prices) if getattr(prices, name) is not None}
    if not {"input_mtok", "output_mtok"} <= set(given) or any(
        name not in FIELDS and not PASSED_OVER.search(name) for name in given
    ):
        return ""
    lines = [f'{key} = "{_base(given[name])}"' for name, key in FIELDS.items() if name in given]
    above = [_above(given, start) for start in sorted(_starts(given))]
    return "\n".join([*lines, *([f"above = [{', '.join(above)}]"] if above else [])])


def _starts(given: dict[str, Any]) -> set[int]:
    return {tier.start for name in FIELDS for tier in getattr(given.get(name), "tiers", ())}


def _above(given: dict[str, Any], start: int) -> str:
    rates = [f'{key} = "{_at(given[name], start)}"' for name, key in FIELDS.items() if name in given]
    return f"{{ tokens = {start}, {', '.join(rates)} }}"


def _base(price: Any) -> str:
    return _spelled(getattr(price, "base", price))


def _at(price: Any, start: int) -> str:
    reached = [tier.price for tier in getattr(price, "tiers", ()) if tier.start <= start]
    return _spelled(reached[-1]) if reached else _base(price)


def _spelled(amount: Decimal) -> str:
    return f"{amount.normalize():f}"


def _names(clause: Any) -> Iterator[str]:
    """Yield the names of a model; ``#`` stands for a digit, ``*`` for anything."""
    for inner in (*getattr(clause, "or_", ()), *getattr(clause, "and_", ())):
        yield from _names(inner)
    if hasattr(clause, "equals"):
        yield clause.equals
    if hasattr(clause, "starts_with"):
        yield f"{clause.starts_with}*"
    if hasattr(clause, "contains"):
        yield clause.contains
    if hasattr(clause, "ends_with"):
        yield clause.ends_with
    if hasattr(clause, "regex"):
        spelled = re.sub(r"\\d\{(\d)\}", lambda found: "#" * int(found[1]), clause.regex).strip("^$")
        spelled = spelled.replace(r"\.", ".").replace(r"\d", "#")
        if re.fullmatch(r"[\w.#@:/-]+", spelled):
            yield spelled


if __name__ == "__main__":
    main()
