"""What the READMEs of the six providers say is what happens: their configurations, their commands."""

import asyncio
import importlib
import re
import shlex
import threading
import tomllib
from collections.abc import Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from pytest_reenact.conformance.play import Play
from pytest_reenact.conformance.script import KEY, Script
from pytest_reenact.conformance.server import Received, Reply, serving
from reenact import Plugins
from reenact.config import load
from reenact.models import targets_of
from reenact.opening import Providers, named_providers
from reenact.prices import read_prices
from reenact.seams import Priced
from reenact_cli.root import root

VENDORS = ("anthropic", "cohere", "gemini", "mistral", "ollama", "openai")
PLUGINS = Path(__file__).parents[2] / "plugins" / "providers"
OK = Script(text="Hello.")


def blocks(vendor: str, language: str) -> list[str]:
    """Return the blocks of a README in one language."""
    text = (PLUGINS / vendor / "README.md").read_text(encoding="utf-8")
    found: list[str] = re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return found


@pytest.mark.parametrize("vendor", VENDORS)
async def test_its_configurations_are_right(vendor: str, tmp_path: Path) -> None:
    """Every provider in every block of TOML can be opened as it stands."""
    opened = []
    for block in blocks(vendor, "toml"):
        file = tmp_path / "reenact.toml"
        file.write_text(block, encoding="utf-8")
        config = load(file, environ={})
        async with AsyncExitStack() as stack:
            providers = Providers(config, Plugins(), stack, {})
            opened += [(await providers.get(name)).name for name in named_providers(config)]

    assert vendor in opened


@pytest.mark.parametrize("vendor", [vendor for vendor in VENDORS if vendor != "ollama"])
async def test_its_model_has_a_price(vendor: str, tmp_path: Path) -> None:
    """The first model that the README names has a price today, by a source and a date."""
    file = tmp_path / "reenact.toml"
    file.write_text(blocks(vendor, "toml")[0], encoding="utf-8")
    config = load(file, environ={})
    (target, *_) = [target for alias in config.models for target in targets_of(config.models, alias)]
    listed = read_prices(f"reenact_{vendor}")
    async with AsyncExitStack() as stack:
        provider = await Providers(config, Plugins(), stack, {}).get(vendor)
        assert isinstance(provider, Priced)
        price = provider.price_of(target.model, datetime.now(UTC).date())

    assert price is not None
    assert price.rate.output > 0
    assert listed.source.startswith("genai-prices")
    assert listed.read is not None


@pytest.fixture
def lead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Starts a vendor's double on a loop of its own, and returns the options that lead there."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    running: list[Any] = []
    monkeypatch.chdir(tmp_path)

    def started(vendor: str, name: str) -> list[str]:
        doubles = importlib.import_module(f"pytest_reenact.conformance.vendors.{vendor}")
        (offer,) = importlib.import_module(f"reenact_{vendor}").reenact_providers()
        play = Play()
        play.double = getattr(doubles, f"{vendor.capitalize()}Double")(offer)

        def reply(received: Received) -> Reply:
            accepts = received.headers.get("accept", "")
            return play.says(OK) if accepts == "application/json" else play.says_in_pieces(OK)

        running.append(serving(reply))
        server = asyncio.run_coroutine_threadsafe(running[-1].__aenter__(), loop).result(10)
        table = play.double.table(server.url)
        monkeypatch.setenv(table["key"]["env"], KEY)
        return [
            *("--set", f"providers.{name}.base_url={table['base_url']}"),
            *("--set", f"providers.{name}.key.env={table['key']['env']}"),
        ]

    yield started
    for one in running:
        asyncio.run_coroutine_threadsafe(one.__aexit__(None, None, None), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


@pytest.mark.parametrize("vendor", VENDORS)
def test_its_commands_do_what_they_say(vendor: str, lead: Any, tmp_path: Path) -> None:
    """Every command of the README, led to a double of the vendor, prints what the model says."""
    ran = 0
    for number, block in enumerate(blocks(vendor, "toml")):
        if "[models]" not in block:
            continue
        aliases = tomllib.loads(block)["models"]
        names = {target.provider for alias in aliases for target in targets_of(_listed(aliases), alias)}
        options = [option for name in sorted(names) for option in lead(vendor, name)]
        (tmp_path / "reenact.toml").write_text(block, encoding="utf-8")
        journal = ["--set", f"journal.path=journal-{number}.db"]
        for line in _commands(vendor, aliases, names):
            done = CliRunner().invoke(root, [*line, *options, *journal])
            assert done.exit_code == 0, done.output
            assert "Hello." in done.stdout or "✓" in done.stdout
            ran += 1

    assert ran == len(_lines(vendor))


def _listed(aliases: dict[str, Any]) -> dict[str, list[str]]:
    return {alias: [value] if isinstance(value, str) else value for alias, value in aliases.items()}


def _lines(vendor: str) -> list[list[str]]:
    lines = [line for block in blocks(vendor, "console") for line in block.splitlines()]
    return [shlex.split(line)[2:] for line in lines if line.startswith("$ reenact ")]


def _commands(vendor: str, aliases: dict[str, Any], names: set[str]) -> list[list[str]]:
    """Return the commands that are about these models."""
    return [line for line in _lines(vendor) if {*line} & ({*aliases} | (names - {vendor}))]
