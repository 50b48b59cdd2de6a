"""From a configuration to open things: store, providers, policies, exporters, executor."""

import asyncio
import importlib
import importlib.util
import sys
from collections.abc import Collection, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import attrs

from reenact.config import Config
from reenact.errors import ConfigError, NotInstalledError, UsageError
from reenact.fitting import structure
from reenact.judging import Policy
from reenact.plugins import Offered, Plugins
from reenact.policy import Chain, Member, OwnPolicy, config_hash
from reenact.seams import Executor, Exporter, Provider, Watch, is_given_name
from reenact.stores import Store

PLUGIN = "plugin"
"""The key in ``[providers.NAME]`` that names the plugin which serves it, if that is not ``NAME``."""


def options_of(offered: Offered, table: Mapping[str, Any], where: str, config: Config, name: str = "") -> Any:
    """Return the options of an offer from its table; relative paths start at the configuration's folder.

    Args:
        offered: The offer.
        table: What the configuration says.
        where: The table's TOML path.
        config: The configuration.
        name: What the configuration calls it, for options that want to know.
    """
    options = structure(table, offered.offer.options, where, config.sources)
    moved: dict[str, Any] = {
        field.name: name for field in attrs.fields(type(options)) if name and is_given_name(field)
    }
    moved |= {
        field.name: config.root / value
        for field in attrs.fields(type(options))
        if isinstance(value := getattr(options, field.name), Path) and not value.is_absolute()
    }
    return attrs.evolve(options, **moved) if moved else options


async def open_store(config: Config, plugins: Plugins, stack: AsyncExitStack) -> Store:
    """Open the store that the configuration names."""
    offered = plugins.find("store", config.journal.store)
    options = options_of(offered, config.journal_options, "journal", config)
    store: Store = await stack.enter_async_context(offered.offer.open(options))
    return store


class Providers:
    """Opens providers when they are first asked for, and closes them at the end.

    Args:
        config: Their options.
        plugins: Where they come from.
        stack: Closes them.
        given: Providers that are open already, by name.
    """

    def __init__(
        self, config: Config, plugins: Plugins, stack: AsyncExitStack, given: Mapping[str, Provider]
    ) -> None:
        self._config = config
        self._plugins = plugins
        self._stack = stack
        self._open: dict[str, Provider] = dict(given)
        self._lock = asyncio.Lock()

    async def get(self, name: str) -> Provider:
        """Return the provider of that name, open."""
        found = self._open.get(name)
        if found is not None:
            return found
        async with self._lock:
            if name not in self._open:
                offered, options = provider_options(self._config, self._plugins, name)
                self._open[name] = await self._stack.enter_async_context(offered.offer.open(options))
            return self._open[name]


def named_providers(config: Config) -> list[str]:
    """Return the providers that the configuration names, in tables and in models."""
    asked = [model.partition(":")[0] for models in config.models.values() for model in models]
    return list(dict.fromkeys([*config.providers, *asked]))


def plugin_of(config: Config, name: str) -> Any:
    """Return the name of the plugin that serves the provider *name*; whatever stands there."""
    return config.providers.get(name, {}).get(PLUGIN, name)


def provider_options(config: Config, plugins: Plugins, name: str) -> tuple[Offered, Any]:
    """Return the offer that serves the provider *name*, and its options.

    Raises:
        ConfigError: If its table is wrong.
        NotInstalledError: If no plugin offers it.
    """
    table = dict(config.providers.get(name, {}))
    where = f"providers.{name}"
    plugin = plugin_of(config, name)
    table.pop(PLUGIN, None)
    if not isinstance(plugin, str) or not plugin:
        source = config.sources.get(f"{where}.{PLUGIN}", "")
        raise ConfigError('must be the name of a plugin, such as "openai"', f"{where}.{PLUGIN}", source)
    offered = plugins.find("provider", plugin)
    return offered, options_of(offered, table, where, config, name)


def check_providers(config: Config, plugins: Plugins, given: Collection[str] = ()) -> None:
    """Refuse tables that are wrong before anything runs, and not at the first call of a model.

    Args:
        config: The configuration.
        plugins: What is installed.
        given: Names of providers that are open already, for which no table is read.

    Raises:
        ConfigError: Names the first of them. What is not installed is told when it is asked for.
    """
    for name in config.providers:
        if name not in given:
            with suppress(NotInstalledError):
                provider_options(config, plugins, name)


async def open_chain(
    config: Config, plugins: Plugins, stack: AsyncExitStack, given: Sequence[OwnPolicy | Member] = ()
) -> Chain:
    """Open the policies that the configuration names, in its order, then those that are given."""
    own = own_policies(config)
    members = [await _open_member(name, own, config, plugins, stack) for name in config.policies.chain]
    members += [own_member(one, config) if isinstance(one, OwnPolicy) else one for one in given]
    return Chain(members)


async def open_member(name: str, config: Config, plugins: Plugins, stack: AsyncExitStack) -> Member:
    """Open one policy by its name, with the options that the configuration has for it.

    Args:
        name: One of the modules that the configuration names, or of a plugin; in its chain or not.
        config: The configuration.
        plugins: Where it comes from.
        stack: Closes it.
    """
    return await _open_member(name, own_policies(config), config, plugins, stack)


async def _open_member(
    name: str, own: Mapping[str, OwnPolicy], config: Config, plugins: Plugins, stack: AsyncExitStack
) -> Member:
    if name in own:
        return own_member(own[name], config)
    return await _plugin_member(name, config, plugins, stack)


async def _plugin_member(name: str, config: Config, plugins: Plugins, stack: AsyncExitStack) -> Member:
    offered = plugins.find("policy", name)
    options = options_of(offered, config.policy_options.get(name, {}), f"policies.{name}", config)
    opened: Policy = await stack.enter_async_context(offered.offer.open(options))
    return Member(
        name=name,
        version=offered.offer.version,
        config=config_hash(options),
        policy=opened,
        before=getattr(opened, "before", ()),
        after=getattr(opened, "after", ()),
        requires=getattr(opened, "requires", ()),
        time_limit_s=config.policies.time_limit_s,
    )


def own_member(own: OwnPolicy, config: Config) -> Member:
    """Return a function that is a policy as a member of a chain."""
    return Member(
        name=own.name,
        version=own.version,
        config="",
        policy=own,
        before=own.before,
        after=own.after,
        time_limit_s=config.policies.time_limit_s,
    )


def own_policies(config: Config) -> dict[str, OwnPolicy]:
    """Return the policies defined in the modules that the configuration names.

    Raises:
        ConfigError: If a module cannot be loaded, or two policies have one name.
    """
    found: dict[str, OwnPolicy] = {}
    for name in config.policies.modules:
        try:
            module = load_module(name, config.root)
        except UsageError as error:
            raise ConfigError(error.problem, "policies.modules") from error
        for value in policies_in(module):
            if found.get(value.name, value) is not value:
                raise ConfigError(f"two policies are called {value.name!r}", "policies.modules")
            found[value.name] = value
    return found


def policies_in(module: ModuleType) -> list[OwnPolicy]:
    """Return the functions of a module that are policies, in the order in which they stand in it."""
    return [value for value in vars(module).values() if isinstance(value, OwnPolicy)]


def load_module(name: str, root: Path) -> ModuleType:
    """Import a module by name, or a Python file by path; both as the user would.

    Raises:
        UsageError: If it is not there, or fails to import.
    """
    try:
        if name.endswith(".py"):
            return _load_file((root / name).resolve())
        with _importable(root):
            return importlib.import_module(name)
    except UsageError:
        raise
    except ModuleNotFoundError as error:
        raise UsageError(f"cannot import {name!r}: {error}") from error
    except Exception as error:
        raise UsageError(f"importing {name!r} failed: {type(error).__name__}: {error}") from error


def _load_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise UsageError(f"there is no file {path}")
    name = path.stem
    loaded = sys.modules.get(name)
    if loaded is not None and getattr(loaded, "__file__", None) == str(path):
        return loaded
    if loaded is not None:
        name = f"{name}_{abs(hash(str(path))):x}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UsageError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    with _importable(path.parent):
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[name]
            raise
    return module


class _importable:  # noqa: N801  # used as a function
    """Has modules of a folder found, as ``python file.py`` would."""

    def __init__(self, folder: Path) -> None:
        self._folder = str(folder)

    def __enter__(self) -> None:
        if self._folder not in sys.path:
            sys.path.insert(0, self._folder)

    def __exit__(self, *_: object) -> None:
        return None


async def open_exporters(config: Config, plugins: Plugins, stack: AsyncExitStack) -> dict[str, Exporter]:
    """Open the exporters that the configuration names."""
    opened: dict[str, Exporter] = {}
    for name, table in config.exporters.items():
        offered = plugins.find("exporter", name)
        options = options_of(offered, table, f"exporters.{name}", config)
        opened[name] = await stack.enter_async_context(offered.offer.open(options))
    return opened


async def open_executor(config: Config, plugins: Plugins, stack: AsyncExitStack) -> Executor | None:
    """Open the executor that the configuration names; None if runs run in this process, at once."""
    name = config.runtime.executor
    if not name:
        return None
    offered = plugins.find("executor", name)
    options = options_of(offered, config.executors.get(name, {}), f"executors.{name}", config)
    executor: Executor = await stack.enter_async_context(offered.offer.open(options))
    return executor


async def open_watches(config: Config, plugins: Plugins, stack: AsyncExitStack) -> dict[str, Watch]:
    """Open the watches that the configuration names."""
    opened: dict[str, Watch] = {}
    for name, table in config.watches.items():
        offered = plugins.find("watch", name)
        options = options_of(offered, table, f"watches.{name}", config)
        opened[name] = await stack.enter_async_context(offered.offer.open(options))
    return opened
