"""Finding plugins: broken ones are named, two of a name are refused, the rest work."""

import importlib.metadata
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest
from reenact import Offer, Plugins, hookimpl, hookspecs
from reenact.errors import BrokenPluginError, NotInstalledError, PluginConflictError


@attrs.frozen
class Options:
    size: int = 1


@asynccontextmanager
async def opener(options: Options) -> AsyncIterator[Options]:
    yield options


def offering(*names: str) -> object:
    """Return a plugin that offers policies."""

    class Plugin:
        @hookimpl
        def reenact_policies(self) -> Iterable[Offer[Any]]:
            for name in names:
                yield Offer(name, opener, Options)

    return Plugin()


class Raising:
    @hookimpl
    def reenact_policies(self) -> Iterable[Offer[Any]]:
        raise RuntimeError("no policies today")


class Nonsense:
    @hookimpl
    def reenact_policies(self) -> Iterable[Any]:
        return ["pii"]


class HalfWrong:
    """One hook is right, another has an argument that no hook has."""

    @hookimpl
    def reenact_policies(self) -> Iterable[Offer[Any]]:
        return [Offer("half", opener, Options)]

    @hookimpl
    def reenact_providers(self, surprise: object) -> Iterable[Offer[Any]]:
        return []


class Commands:
    @hookimpl
    def reenact_commands(self) -> Iterable[str]:
        return ["hello"]


class BrokenCommands:
    @hookimpl
    def reenact_commands(self) -> Iterable[str]:
        raise RuntimeError("no commands today")


Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Installs distributions, as pip leaves them behind, of a module that has the plugins."""
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "unit_plugins.py").write_text(
        f"from {__name__} import Commands, HalfWrong, Nonsense, Raising, BrokenCommands, offering\n"
        "a, b, both = offering('a'), offering('b'), offering('a', 'b')\n"
        "half, nonsense, raising = HalfWrong(), Nonsense(), Raising()\n"
        "commands, no_commands = Commands(), BrokenCommands()\n"
    )
    monkeypatch.syspath_prepend(str(folder))
    real = importlib.metadata.entry_points

    def only_here(*, group: str) -> importlib.metadata.EntryPoints:
        found = importlib.metadata.MetadataPathFinder.find_distributions(
            importlib.metadata.DistributionFinder.Context(path=[str(folder)])
        )
        return importlib.metadata.EntryPoints(
            point for dist in found for point in dist.entry_points if point.group == group
        )

    assert callable(real)
    monkeypatch.setattr(importlib.metadata, "entry_points", only_here)

    def make(distribution: str, **points: str) -> Path:
        info = folder / f"{distribution}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
        lines = "".join(f"{name} = {target}\n" for name, target in points.items())
        (info / "entry_points.txt").write_text(f"[reenact]\n{lines}")
        return info

    return make


def test_installed_offers_are_listed_with_who_makes_them(install: Install) -> None:
    """By seam and name, whatever the order of installation."""
    install("second", b="unit_plugins:b")
    install("first", a="unit_plugins:a")

    offers = Plugins().offers("policy")

    assert [(o.offer.name, o.distribution) for o in offers] == [("a", "first 1.0"), ("b", "second 1.0")]
    assert Plugins().offers() == offers


def test_looking_for_one_does_not_import_the_others(install: Install) -> None:
    """The plugin whose entry point has the name is tried first."""
    install("first", a="unit_plugins:a")
    install("second", z="nowhere:z")
    plugins = Plugins()

    found = plugins.find("policy", "a")

    assert found.distribution == "first 1.0"
    assert plugins.broken == []
    assert list(plugins.registered.values()) == ["first 1.0"]


def test_an_offer_is_found_whatever_its_entry_point_is_called(install: Install) -> None:
    """Then all are loaded."""
    install("first", other="unit_plugins:a")

    assert Plugins().find("policy", "a").distribution == "first 1.0"


def test_a_broken_plugin_is_named_and_the_rest_work(install: Install) -> None:
    """With the exception, and the distribution that it is in."""
    install("bad", bad="nowhere:plugin", worse="unit_plugins:missing")
    install("good", a="unit_plugins:a")

    plugins = Plugins()

    assert [o.offer.name for o in plugins.offers("policy")] == ["a"]
    assert [(b.name, b.distribution) for b in plugins.broken] == [("bad", "bad 1.0"), ("worse", "bad 1.0")]
    assert plugins.broken[0].reason == "ModuleNotFoundError: No module named 'nowhere'"
    plugins.offers("policy")
    assert len(plugins.broken) == 2


def test_a_broken_plugin_matters_if_it_is_needed(install: Install) -> None:
    """What the configuration names must load."""
    install("bad", bad="nowhere:plugin")

    with pytest.raises(BrokenPluginError, match="'bad' could not be loaded: ModuleNotFoundError"):
        Plugins().find("policy", "bad")


@pytest.mark.parametrize("what", ["raising", "nonsense", "half"])
def test_a_plugin_whose_hooks_are_wrong_does_not_break_others(install: Install, what: str) -> None:
    """Whether it raises, offers what is no offer, or has a hook that no hook is like."""
    install("good", a="unit_plugins:a")
    install("odd", odd=f"unit_plugins:{what}")
    plugins = Plugins()

    assert [o.offer.name for o in plugins.offers("policy")] == ["a"]
    assert [(b.name, b.distribution) for b in plugins.broken] == [("odd", "odd 1.0")]
    assert plugins.find("policy", "a").distribution == "good 1.0"


def test_two_of_one_name_are_refused(install: Install) -> None:
    """The error names both distributions."""
    install("one", a="unit_plugins:a")
    install("two", a="unit_plugins:both")

    with pytest.raises(PluginConflictError, match=r"'a' is offered by one 1.0 and two 1.0"):
        Plugins().find("policy", "a")


def test_one_of_two_can_be_left_out(install: Install) -> None:
    """Entry points that are disabled are not loaded."""
    install("one", a="unit_plugins:a")
    install("two", other="unit_plugins:both")

    assert Plugins(disabled=["other"]).find("policy", "a").distribution == "one 1.0"
    with pytest.raises(NotInstalledError, match="on offer: a"):
        Plugins(disabled=["other"]).find("policy", "b")


def test_what_nobody_offers_is_named_with_what_is_offered(install: Install) -> None:
    """And how to install it."""
    install("one", a="unit_plugins:both")

    with pytest.raises(NotInstalledError, match=r"policy named 'pii' \(on offer: a, b\).*reenact-pii"):
        Plugins().find("policy", "pii")


def test_commands_are_collected_and_a_broken_one_is_named(install: Install) -> None:
    """A command line works without the plugin that does not."""
    install("good", x="unit_plugins:commands")
    install("odd", odd="unit_plugins:no_commands")
    plugins = Plugins()

    assert plugins.commands() == ["hello"]
    assert [b.name for b in plugins.broken] == ["odd"]


def test_plugins_can_be_given_by_hand() -> None:
    """For tests and for programs that bring their own."""
    plugins = Plugins(installed=False, extra=[offering("a"), Commands()])

    assert plugins.find("policy", "a").distribution.endswith("(registered by hand)")
    assert plugins.commands() == ["hello"]


def test_without_plugins_there_are_no_offers() -> None:
    """The hooks themselves offer nothing."""
    assert Plugins(installed=False).offers() == []
    hooks = [hook for name, hook in vars(hookspecs).items() if name.startswith("reenact_")]
    assert [list(hook()) for hook in hooks] == [[]] * 7
