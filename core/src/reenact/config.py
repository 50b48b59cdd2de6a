"""The configuration: `reenact.toml`, or `[tool.reenact]` in `pyproject.toml`.

Precedence, weakest first: what the code says, the file, the profile, environment
variables, the command line. Every value knows where it came from. Unknown keys
are errors with a suggestion and the TOML path.
"""

import os
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeAlias

import attrs

from reenact.errors import ConfigError, did_you_mean
from reenact.fitting import structure
from reenact.layers import Layers, keys_of
from reenact.prices import PriceList, configured_prices
from reenact.records import Cache

FILE = "reenact.toml"
FILE_BYTES_MAX = 1_000_000

OnChange = Literal["reexecute", "fail"]


@attrs.frozen(kw_only=True)
class RuntimeOptions:
    """``[runtime]``.

    Attributes:
        on_changed_input: What a resumed run does about a step whose input is not the one on record.
        steps_max: Most steps at once in a process; 0 for no limit.
        pools: Most steps at once for each pool, such as ``"provider:openai" = 8``; a step names its pool with
            ``pool=``, and a call of a model is in the pool of its provider.
        lease_s: How long a run belongs to a process that does not say it is alive, in seconds.
        grace_s: How long steps in flight may take to end when the process is asked to stop, in seconds.
        interruptions_max: How many attempts of a step crashes may interrupt before it is in doubt instead
            of tried again.
        llm_attempts: How often each model is tried, the first time included.
        llm_timeout_s: How long one call of a model may take, in seconds.
        cache: Whether a step takes the outcome that another run of its workflow had for the same input. A
            step may say so itself.
        poll_s: How often messages from other processes are looked for, in seconds.
        executor: The executor that decides where and when runs run; this process, at once, if empty.
    """

    on_changed_input: OnChange = "reexecute"
    steps_max: int = attrs.field(default=0, validator=attrs.validators.ge(0))
    pools: dict[str, int] = attrs.field(
        factory=dict,
        validator=attrs.validators.deep_mapping(attrs.validators.instance_of(str), attrs.validators.ge(1)),
    )
    lease_s: float = attrs.field(default=30.0, validator=attrs.validators.ge(1))
    grace_s: float = attrs.field(default=10.0, validator=attrs.validators.ge(0))
    interruptions_max: int = attrs.field(default=3, validator=attrs.validators.ge(0))
    llm_attempts: int = attrs.field(default=4, validator=attrs.validators.ge(1))
    llm_timeout_s: float = attrs.field(default=600.0, validator=attrs.validators.gt(0))
    cache: Cache = "off"
    poll_s: float = attrs.field(default=0.25, validator=attrs.validators.gt(0))
    executor: str = ""


@attrs.frozen(kw_only=True)
class PoliciesOptions:
    """``[policies]``: the chain; each policy's options stand in ``[policies.NAME]``.

    Attributes:
        chain: Names, in the order in which they are asked.
        modules: Modules, or files that end in ``.py``, whose policies may be named in the chain.
        time_limit_s: How long a policy may take to decide, in seconds; one that takes longer denies.
    """

    chain: list[str] = attrs.field(factory=list)
    modules: list[str] = attrs.field(factory=list)
    time_limit_s: float = attrs.field(default=5.0, validator=attrs.validators.gt(0))


@attrs.frozen(kw_only=True)
class JournalOptions:
    """``[journal]``: which store; the store's own options stand beside it.

    Attributes:
        store: The name that a plugin offers the store under.
    """

    store: str = "sqlite"


@attrs.frozen(kw_only=True)
class PluginsOptions:
    """``[plugins]``.

    Attributes:
        disabled: Names of entry points that are not loaded.
    """

    disabled: list[str] = attrs.field(factory=list)


def _of(kind: type[Any]) -> Callable[[Any, "attrs.Attribute[Any]", Any], None]:
    """Return what refuses a table in place of its options, at whose keys nobody would look."""

    def check(_: Any, field: "attrs.Attribute[Any]", value: Any) -> None:
        if not isinstance(value, kind):
            problem = (
                f"must be {kind.__name__}, not {type(value).__name__}; or give tables for all, and no Config"
            )
            raise ConfigError(problem, field.name)

    return check


def _check_tables(_: Any, field: "attrs.Attribute[Any]", tables: Any) -> None:
    for name, table in tables.items():
        if not isinstance(table, Mapping):
            where = "policies" if field.name == "policy_options" else field.name
            raise ConfigError("must be a table", f"{where}.{name}")


def _check_models(_: Any, field: "attrs.Attribute[Any]", models: Any) -> None:
    for alias, listed in models.items():
        if not _is_models(listed):
            raise ConfigError("must be a list of 'provider:model'", f"{field.name}.{alias}")


def _is_models(listed: Any) -> bool:
    ok = isinstance(listed, Sequence) and not isinstance(listed, str) and len(listed) > 0
    return ok and all(isinstance(model, str) and ":" in model for model in listed)


@attrs.frozen(kw_only=True)
class Config:
    """A configuration, read.

    Attributes:
        runtime: ``[runtime]``.
        models: ``[models]``: for each alias, the models in the order they are tried.
        prices: ``[prices."PROVIDER:MODEL"]``: what models cost, before what their plugins say.
        providers: ``[providers.NAME]``, unstructured: the provider's options, and in ``plugin`` the name of
            the plugin that serves it, if that is another.
        policies: ``[policies]``.
        policy_options: ``[policies.NAME]``, unstructured.
        journal: ``[journal]``.
        journal_options: What else stands in ``[journal]``: the store's options, unstructured.
        exporters: ``[exporters.NAME]``, unstructured: naming one activates it.
        watches: ``[watches.NAME]``, unstructured: naming one activates it.
        executors: ``[executors.NAME]``, unstructured: options of the one that ``[runtime]`` names.
        plugins: ``[plugins]``.
        root: The folder of the file; relative paths start here.
        sources: Where each value came from, by TOML path.
    """

    runtime: RuntimeOptions = attrs.field(factory=RuntimeOptions, validator=_of(RuntimeOptions))
    models: Mapping[str, Sequence[str]] = attrs.field(factory=dict, validator=_check_models)
    prices: PriceList = attrs.field(factory=PriceList, validator=_of(PriceList))
    providers: Mapping[str, Mapping[str, Any]] = attrs.field(factory=dict, validator=_check_tables)
    policies: PoliciesOptions = attrs.field(factory=PoliciesOptions, validator=_of(PoliciesOptions))
    policy_options: Mapping[str, Mapping[str, Any]] = attrs.field(factory=dict, validator=_check_tables)
    journal: JournalOptions = attrs.field(factory=JournalOptions, validator=_of(JournalOptions))
    journal_options: Mapping[str, Any] = attrs.field(factory=dict)
    exporters: Mapping[str, Mapping[str, Any]] = attrs.field(factory=dict, validator=_check_tables)
    watches: Mapping[str, Mapping[str, Any]] = attrs.field(factory=dict, validator=_check_tables)
    executors: Mapping[str, Mapping[str, Any]] = attrs.field(factory=dict, validator=_check_tables)
    plugins: PluginsOptions = attrs.field(factory=PluginsOptions, validator=_of(PluginsOptions))
    root: Path = attrs.field(factory=Path.cwd)
    sources: Mapping[str, str] = attrs.field(factory=dict, repr=False)


ConfigLike: TypeAlias = Config | Mapping[str, Any] | Path | str | None
"""A configuration, its tables, its file, or None for the nearest file."""


def find_file(start: Path | None = None) -> Path | None:
    """Return the nearest configuration file from *start* upwards, or None."""
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        own = folder / FILE
        if own.is_file():
            return own
        shared = folder / "pyproject.toml"
        if shared.is_file() and _shared_table(_read_toml(shared)) is not None:
            return shared
    return None


def load(
    file: Path | None = None,
    *,
    profile: str = "",
    overrides: Sequence[str] = (),
    environ: Mapping[str, str] | None = None,
    start: Path | None = None,
) -> Config:
    """Read the configuration.

    Args:
        file: The file; the nearest from *start* upwards if None.
        profile: Which ``[profiles.NAME]`` to lay over it; ``REENACT_PROFILE`` if empty.
        overrides: ``path=value`` of the command line, the value in TOML.
        environ: The environment; ``REENACT__runtime__lease_s`` sets ``runtime.lease_s``.
        start: Where to look for the file; the current folder if None.

    Raises:
        ConfigError: If anything in it is wrong.
    """
    env = os.environ if environ is None else environ
    found = file or find_file(start)
    if file is not None and not _is_file(file):
        raise ConfigError(f"there is no file {file}")
    layers = Layers()
    if found is not None:
        layers.add(_of_file(found), found.name)
    chosen = profile or env.get("REENACT_PROFILE", "")
    profiles = _tables(layers.values, "profiles", layers)
    layers.values.pop("profiles", None)
    if chosen:
        if chosen not in profiles:
            hint = did_you_mean(chosen, list(profiles))
            raise ConfigError(
                f"there is no profile {chosen!r}{hint}", "profiles", found.name if found else ""
            )
        layers.add(profiles[chosen], f"profile {chosen}")
    for name, value in sorted(env.items()):
        if name.startswith("REENACT__"):
            layers.set(name[9:].split("__"), value, f"environment {name}")
    for override in overrides:
        path, equals, value = override.partition("=")
        if not equals:
            raise ConfigError(f"{override!r} is not PATH=VALUE", source="command line")
        layers.set(keys_of(path), value, "command line")
    root = found.parent if found is not None else (start or Path.cwd())
    return _config(layers, root)


_TABLES = (
    *("runtime", "models", "prices", "providers", "policies"),
    *("journal", "plugins", "exporters", "executors", "watches"),
    "profiles",
)


def _config(layers: Layers, root: Path) -> Config:
    values = layers.values
    known = f"; there are {', '.join(_TABLES)}"
    for key in values:
        if key not in _TABLES:
            raise ConfigError(
                f"unknown table [{key}]{did_you_mean(key, _TABLES) or known}",
                source=layers.source(key),
            )
    policies = _table(values, "policies")
    own = {a.name for a in attrs.fields(PoliciesOptions)}
    journal = _table(values, "journal")
    return Config(
        runtime=structure(_table(values, "runtime"), RuntimeOptions, "runtime", layers.sources),
        models=_models(_table(values, "models"), layers),
        prices=_prices(_table(values, "prices"), layers),
        providers=_tables(values, "providers", layers),
        policies=structure(
            {k: v for k, v in policies.items() if k in own or not isinstance(v, dict)},
            PoliciesOptions,
            "policies",
            layers.sources,
        ),
        policy_options={k: v for k, v in policies.items() if k not in own and isinstance(v, dict)},
        journal=structure(
            {k: v for k, v in journal.items() if k == "store"}, JournalOptions, "journal", layers.sources
        ),
        journal_options={k: v for k, v in journal.items() if k != "store"},
        exporters=_tables(values, "exporters", layers),
        watches=_tables(values, "watches", layers),
        executors=_tables(values, "executors", layers),
        plugins=structure(_table(values, "plugins"), PluginsOptions, "plugins", layers.sources),
        root=root,
        sources=layers.sources,
    )


def _table(values: Mapping[str, Any], name: str) -> dict[str, Any]:
    table = values.get(name, {})
    if not isinstance(table, dict):
        raise ConfigError(f"[{name}] must be a table, not {type(table).__name__}")
    return table


def _tables(values: Mapping[str, Any], name: str, layers: Layers) -> dict[str, dict[str, Any]]:
    tables = _table(values, name)
    for key, value in tables.items():
        if not isinstance(value, dict):
            where = f"{name}.{key}"
            raise ConfigError(f"[{where}] must be a table", where, layers.source(where))
    return tables


def _models(table: Mapping[str, Any], layers: Layers) -> dict[str, list[str]]:
    models: dict[str, list[str]] = {}
    for alias, value in table.items():
        listed = [value] if isinstance(value, str) else value
        if not _is_models(listed):
            where = f"models.{alias}"
            raise ConfigError("must be 'provider:model' or a list of such", where, layers.source(where))
        models[alias] = listed
    return models


def _prices(table: Mapping[str, Any], layers: Layers) -> PriceList:
    try:
        return configured_prices(table)
    except ConfigError as error:
        source = layers.source(error.where.replace('"', "").partition("[")[0])
        raise ConfigError(error.problem, error.where, source) from error


# --- reading --------------------------------------------------------------------------------------


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        if file.stat().st_size > FILE_BYTES_MAX:
            raise ConfigError(f"larger than {FILE_BYTES_MAX} bytes", source=str(file))
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:  # bad TOML, bad UTF-8, numbers without end
        raise ConfigError(f"not valid TOML: {error}", source=str(file)) from error
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", source=str(file)) from error


def resolved(config: ConfigLike) -> Config:
    """Return the configuration that is meant.

    Tables are taken as a file would have them: ``{"journal": {"path": "runs.db"}}``. No file and no
    environment is read then, and relative paths start in the current folder.

    Raises:
        ConfigError: If anything in it is wrong, or it is nothing of the kind.
    """
    if isinstance(config, Config):
        return config
    if isinstance(config, Mapping):
        layers = Layers()
        layers.add(config, "the given tables")
        return _config(layers, Path.cwd())
    if config is None or isinstance(config, (str, Path)):
        return load(Path(config) if config is not None else None)
    raise ConfigError(
        f"a configuration is a Config, a mapping of tables or a file's path, and not {type(config).__name__}"
    )


def _of_file(file: Path) -> dict[str, Any]:
    values = _read_toml(file)
    if file.name != "pyproject.toml":
        return values
    table = _shared_table(values) or {}
    if not isinstance(table, dict):
        raise ConfigError("[tool.reenact] must be a table", source=str(file))
    return table


def _shared_table(values: Mapping[str, Any]) -> Any:
    """Return what ``pyproject.toml`` says about the runtime; None if nothing."""
    tools = values.get("tool")
    return tools.get("reenact") if isinstance(tools, dict) else None


def _is_file(file: Path) -> bool:
    try:
        return file.is_file()
    except OSError:  # a name that is too long, for example
        return False
