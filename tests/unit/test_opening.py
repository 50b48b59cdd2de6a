"""From a configuration to open things: stores, providers, policies, exporters, modules."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest
from pytest_reenact.memory import MemoryStore
from reenact import Allow, Offer, Plugins, Runtime, hookimpl
from reenact.config import Config, JournalOptions, PoliciesOptions
from reenact.errors import ConfigError, NotInstalledError, UsageError
from reenact.opening import (
    Providers,
    check_providers,
    load_module,
    open_chain,
    open_exporters,
    open_store,
    own_policies,
)
from reenact.policy import policy
from reenact.seams import given_name

PREFIX = "unit_opening"


@attrs.frozen
class Options:
    size: int = 1
    path: Path = Path("here")


@attrs.define
class Thing:
    """Whatever a seam asks for; knows its options and whether it is open."""

    options: Options
    opened: bool = True
    stages: frozenset[str] = frozenset({"request"})
    before: tuple[str, ...] = ("last",)
    after: tuple[str, ...] = ()

    async def evaluate(self, value: object, context: object) -> Allow:
        return Allow()


@attrs.define
class Shop:
    """A plugin that offers one of everything, and keeps what it sold."""

    sold: list[Thing] = attrs.field(factory=list)

    @asynccontextmanager
    async def open(self, options: Options) -> AsyncIterator[Any]:
        await asyncio.sleep(0)
        thing = Thing(options)
        self.sold.append(thing)
        yield thing
        thing.opened = False

    @hookimpl
    def reenact_stores(self) -> Iterable[Offer[Any]]:
        yield Offer("shop", self.open, Options)

    @hookimpl
    def reenact_providers(self) -> Iterable[Offer[Any]]:
        yield Offer("shop", self.open, Options)

    @hookimpl
    def reenact_policies(self) -> Iterable[Offer[Any]]:
        yield Offer("shop", self.open, Options, version="3")

    @hookimpl
    def reenact_exporters(self) -> Iterable[Offer[Any]]:
        yield Offer("shop", self.open, Options)


@attrs.frozen
class NamedOptions(Options):
    name: str = given_name()


class Chain(Shop):
    """A shop whose branches are told their names."""

    @hookimpl
    def reenact_providers(self) -> Iterable[Offer[Any]]:
        yield Offer("shop", self.open, NamedOptions)


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def plugins(shop: Shop) -> Plugins:
    return Plugins(installed=False, extra=[shop])


async def test_the_store_is_the_one_that_is_named(plugins: Plugins, shop: Shop, tmp_path: Path) -> None:
    """With its options, paths relative to the configuration's folder, and closed at the end."""
    config = Config(journal=JournalOptions(store="shop"), journal_options={"path": "runs.db"}, root=tmp_path)

    async with AsyncExitStack() as stack:
        store: Any = await open_store(config, plugins, stack)
        assert store.options == Options(path=tmp_path / "runs.db")
        assert store.opened

    assert not store.opened


async def test_an_absolute_path_stays(plugins: Plugins) -> None:
    """Nothing is put before it."""
    config = Config(journal=JournalOptions(store="shop"), journal_options={"path": "/x/y"})

    async with AsyncExitStack() as stack:
        store: Any = await open_store(config, plugins, stack)

    assert store.options.path == Path("/x/y")


async def test_a_provider_is_opened_when_it_is_first_asked_for_and_once(plugins: Plugins, shop: Shop) -> None:
    """By many at a time; one that was given is never opened."""
    config = Config(providers={"shop": {"size": 5}})
    given: Any = Thing(Options())

    async with AsyncExitStack() as stack:
        providers = Providers(config, plugins, stack, {"given": given})
        assert shop.sold == []
        found: list[Any] = await asyncio.gather(*(providers.get("shop") for _ in range(5)))
        assert await providers.get("given") is given
        with pytest.raises(NotInstalledError, match="provider named 'other'"):
            await providers.get("other")

    assert len(shop.sold) == 1
    assert all(one is shop.sold[0] for one in found)
    assert found[0].options.size == 5


def test_tables_that_are_wrong_are_refused_before_anything_is_opened(plugins: Plugins, shop: Shop) -> None:
    """A typo is told with its place; what is not installed is told when it is asked for."""
    with pytest.raises(ConfigError, match="did you mean 'size'"):
        check_providers(Config(providers={"shop": {"sise": 5}}), plugins)
    check_providers(Config(providers={"not-installed": {"sise": 5}, "shop": {"size": 5}}), plugins)

    assert shop.sold == []


@pytest.mark.parametrize(
    "given", [{"providers": {"shop": {"sise": 5}}}, Config(providers={"shop": {"sise": 5}})]
)
async def test_a_runtime_does_not_open_with_a_providers_table_that_is_wrong(
    plugins: Plugins, shop: Shop, given: Any
) -> None:
    """Told in Python as in a file; for a provider that is open already nobody reads the table."""
    store, branch = MemoryStore(), Thing(Options())

    with pytest.raises(ConfigError, match=r"unknown key 'sise'; did you mean 'size'\? in \[providers\.shop"):
        async with Runtime.open(given, store=store, plugins=plugins):
            pass
    async with Runtime.open(given, store=store, plugins=plugins, providers={"shop": branch}):  # type: ignore[dict-item]  # nobody asks it
        pass

    assert shop.sold == []


async def test_options_that_are_wrong_are_named(plugins: Plugins) -> None:
    """With their place in the file."""
    config = Config(providers={"shop": {"sise": 5}})

    async with AsyncExitStack() as stack:
        with pytest.raises(
            ConfigError, match=r"unknown key 'sise'; did you mean 'size'\? in \[providers.shop"
        ):
            await Providers(config, plugins, stack, {}).get("shop")


async def test_the_chain_is_what_the_configuration_lists(plugins: Plugins, tmp_path: Path) -> None:
    """Plugins' policies and one's own, in the order of the list; then those that are given."""
    (tmp_path / f"{PREFIX}_own.py").write_text(
        "from reenact import policy\n"
        "@policy('mine', version='4', after=['x'])\n"
        "def mine(value, context): ...\n"
        "again = mine\n"
    )

    @policy("last")
    def last(value: object, context: object) -> None: ...

    config = Config(
        policies=PoliciesOptions(chain=["mine", "shop"], modules=[f"{PREFIX}_own.py"], time_limit_s=2),
        policy_options={"shop": {"size": 2}},
        root=tmp_path,
    )

    async with AsyncExitStack() as stack:
        chain = await open_chain(config, plugins, stack, [last])

    assert [(m.name, m.version) for m in chain.members] == [("mine", "4"), ("shop", "3"), ("last", "1")]
    assert chain.members[1].before == ("last",)
    assert chain.members[1].config != ""
    assert {m.time_limit_s for m in chain.members} == {2}


async def test_an_order_against_a_members_wish_is_refused(plugins: Plugins, tmp_path: Path) -> None:
    """When it is opened."""

    @policy("first", before=["shop"])
    def first(value: object, context: object) -> None: ...

    config = Config(policies=PoliciesOptions(chain=["shop"]), root=tmp_path)

    async with AsyncExitStack() as stack:
        with pytest.raises(ConfigError, match="'first' must come before 'shop'"):
            await open_chain(config, plugins, stack, [first])


async def test_exporters_are_those_that_are_named(plugins: Plugins, shop: Shop) -> None:
    """Naming one activates it."""
    async with AsyncExitStack() as stack:
        opened = await open_exporters(Config(exporters={"shop": {"size": 3}}), plugins, stack)

    assert list(opened) == ["shop"]
    assert shop.sold[0].options.size == 3


async def test_a_runtime_opens_what_its_configuration_says(tmp_path: Path) -> None:
    """From a file, with an exporter and a policy; without a store's plugin it says so."""
    file = tmp_path / "reenact.toml"
    file.write_text("[journal]\nstore = 'shop'\n")

    with pytest.raises(NotInstalledError, match="store named 'shop'"):
        async with Runtime.open(file, plugins=Plugins(installed=False)):
            raise AssertionError("it opened")


# --- modules


def test_two_policies_of_one_name_are_refused(tmp_path: Path) -> None:
    """Nothing says which is meant."""
    text = "from reenact import policy\n@policy('same')\ndef one(value, context): ...\n"
    (tmp_path / f"{PREFIX}_x.py").write_text(text)
    (tmp_path / f"{PREFIX}_y.py").write_text(text)
    modules = [f"{PREFIX}_x.py", f"{PREFIX}_y.py"]

    with pytest.raises(ConfigError, match="two policies are called 'same'"):
        own_policies(Config(policies=PoliciesOptions(modules=modules), root=tmp_path))


def test_a_module_that_cannot_be_loaded_is_a_configuration_error(tmp_path: Path) -> None:
    """It says which."""
    with pytest.raises(ConfigError, match=r"there is no file .*missing.py in \[policies.modules\]"):
        own_policies(Config(policies=PoliciesOptions(modules=["missing.py"]), root=tmp_path))


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("no_such_module_here", "", "cannot import 'no_such_module_here'"),
        ("missing.py", "", "there is no file"),
        (f"{PREFIX}_raises.py", "1 / 0", "failed: ZeroDivisionError: division by zero"),
        (f"{PREFIX}_syntax.py", "def", "failed: SyntaxError"),
        (f"{PREFIX}_import.py", "import no_such_module_here", "cannot import"),
        (f"{PREFIX}_mod_raises", "1 / 0", "failed: ZeroDivisionError"),
    ],
)
def test_a_module_that_is_wrong_says_what_is_wrong(
    tmp_path: Path, name: str, text: str, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Missing, broken, or importing what is missing."""
    monkeypatch.syspath_prepend(str(tmp_path))
    if text:
        (tmp_path / f"{name.removesuffix('.py')}.py").write_text(text)

    with pytest.raises(UsageError, match=problem):
        load_module(name, tmp_path)


def test_a_file_is_loaded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the module that ``import`` would find, beside which its neighbours can be imported."""
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / f"{PREFIX}_helper.py").write_text("value = 5")
    (tmp_path / f"{PREFIX}_main.py").write_text(f"from {PREFIX}_helper import value")

    first = load_module(f"{PREFIX}_main.py", tmp_path)

    assert first.value == 5
    assert load_module(f"{PREFIX}_main.py", tmp_path) is first
    assert load_module(f"{PREFIX}_main", tmp_path) is first


def test_files_of_one_name_are_two_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second does not take the place of the first."""
    monkeypatch.syspath_prepend(str(tmp_path))
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"{PREFIX}_flow.py").write_text(f"where = {folder!r}")

    modules = [load_module(f"{folder}/{PREFIX}_flow.py", tmp_path) for folder in ("a", "b", "a")]

    assert [module.where for module in modules] == ["a", "b", "a"]


async def test_one_plugin_serves_several_providers() -> None:
    """A provider that names its plugin is opened by that, with its own options, and told its own name."""
    chain = Chain()
    plugins = Plugins(extra=[chain], installed=False)
    config = Config(providers={"north": {"plugin": "shop", "size": 2}, "south": {"plugin": "shop"}})
    async with AsyncExitStack() as stack:
        providers = Providers(config, plugins, stack, {})

        for name in ("north", "south", "shop", "north"):
            await providers.get(name)

    assert [(thing.options.name, thing.options.size) for thing in chain.sold] == [
        ("north", 2),
        ("south", 1),
        ("shop", 1),
    ]
    assert not any(thing.opened for thing in chain.sold)


@pytest.mark.parametrize(
    ("table", "error", "said"),
    [
        ({"plugin": 3}, ConfigError, "must be the name of a plugin"),
        ({"plugin": "shops"}, NotInstalledError, "'shops'"),
        ({"plugin": "shop", "name": "x"}, ConfigError, "unknown key 'name'"),
        ({"plugin": "shop", "sise": 1}, ConfigError, "did you mean 'size'?"),
    ],
)
async def test_a_provider_that_cannot_be_opened(
    table: dict[str, Any], error: type[Exception], said: str
) -> None:
    """What is wrong with a provider's table is told when it is opened; its name is no key in it."""
    plugins = Plugins(extra=[Chain()], installed=False)
    async with AsyncExitStack() as stack:
        providers = Providers(Config(providers={"north": table}), plugins, stack, {})

        with pytest.raises(error, match=re.escape(said)):
            await providers.get("north")
