"""What `doctor` looks at: each check returns what it found, and changes nothing."""

import os
import platform
import re
import sqlite3
import stat
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeAlias

import attrs
from reenact.config import Config
from reenact.errors import ConfigError, NotInstalledError, ReenactError
from reenact.opening import named_providers, options_of, plugin_of, provider_options
from reenact.prices import Price

from reenact_cli.session import Session

Level: TypeAlias = Literal["ok", "warning", "problem"]

WAL_RESET_BUG = ((3, 7, 0), (3, 51, 2))
"""SQLite versions in which two processes that write and checkpoint at once can damage the file."""

_SECRET = re.compile(r"key|token|secret|password|credential", re.IGNORECASE)


@attrs.frozen
class Finding:
    """What a check found.

    Attributes:
        about: What was looked at, in a word.
        level: How bad it is.
        text: What was found.
    """

    about: str
    level: Level
    text: str


# --- the configuration ----------------------------------------------------------------------------


def settings(config: Config) -> list[tuple[str, Any, str]]:
    """Return each value of the configuration: its TOML path, it, and where it came from."""
    tables: dict[str, Any] = {
        "runtime": attrs.asdict(config.runtime),
        "models": dict(config.models),
        "prices": {name: _price(held) for name, held in config.prices.prices.items()},
        "providers": dict(config.providers),
        "policies": attrs.asdict(config.policies) | dict(config.policy_options),
        "journal": attrs.asdict(config.journal) | dict(config.journal_options),
        "exporters": dict(config.exporters),
        "watches": dict(config.watches),
        "executors": dict(config.executors),
        "plugins": attrs.asdict(config.plugins),
    }
    return [
        (path, "•••" if _is_secret(path, value) else value, config.sources.get(path, "default"))
        for path, value in _flat(tables, "")
    ]


def _price(held: Sequence[Price]) -> dict[str, str]:
    rate = attrs.asdict(held[-1].rate)
    return {key: f"{value:f}" for key, value in rate.items() if value is not None}


def _flat(table: Mapping[str, Any], prefix: str) -> list[tuple[str, Any]]:
    found = []
    for key, value in table.items():
        path = f"{prefix}{key}"
        if isinstance(value, Mapping) and value:
            found += _flat(value, f"{path}.")
        elif not isinstance(value, Mapping):
            found.append((path, value))
    return found


def _is_secret(path: str, value: Any) -> bool:
    """Say whether a value looks like a secret itself; ``{ env = "NAME" }`` only names one."""
    *parents, last = path.split(".")
    named = last if last != "env" else ""
    return isinstance(value, str) and len(parents) > 1 and bool(_SECRET.search(named))


# --- all checks -----------------------------------------------------------------------------------


async def check(session: Session) -> list[Finding]:
    """Return everything that was found."""
    findings = [_check_python(), _check_versions()]
    findings += _check_plugins(session)
    findings += _check_names(session)
    findings += await _check_journal(session)
    return findings


def _check_python() -> Finding:
    text = f"{platform.python_version()} ({platform.python_implementation()}, {sys.executable})"
    return Finding("python", "ok" if sys.version_info >= (3, 11) else "problem", text)


def _check_versions() -> Finding:
    from importlib.metadata import version

    return Finding("reenact", "ok", f"core {version('reenact-core')}, cli {version('reenact-cli')}")


def _check_plugins(session: Session) -> list[Finding]:
    offers = session.plugins.offers()
    broken = [
        Finding("plugin", "warning", f"{b.name} ({b.distribution}) is broken: {b.reason}")
        for b in session.plugins.broken
    ]
    return [Finding("plugins", "ok", f"{len(offers)} offers; 'reenact plugins' lists them"), *broken]


def _check_names(session: Session) -> list[Finding]:
    """Check that everything which the configuration names is there."""
    config = session.config
    own = _own_policies(config)
    if isinstance(own, Finding):
        return [own]
    wanted: list[tuple[Any, str]] = [
        *(
            ("provider", name)
            for name in sorted({str(plugin_of(config, one)) for one in named_providers(config)})
        ),
        *(("policy", name) for name in config.policies.chain if name not in own),
        *(("exporter", name) for name in config.exporters),
        *(("watch", name) for name in config.watches),
        *(("executor", name) for name in [config.runtime.executor] if name),
    ]
    found = [one for seam, name in wanted if (one := _check_name(session, seam, name))]
    return [*found, *_check_providers(session), *_check_idle(config)]


def _check_idle(config: Config) -> list[Finding]:
    """Check that every policy that has options is asked."""
    return [
        Finding(
            "policy",
            "warning",
            f"policies.{name} has options, but {name} is not in policies.chain: it guards nothing; "
            "add it there, or take the table out",
        )
        for name in config.policy_options
        if name not in config.policies.chain
    ]


def _check_providers(session: Session) -> list[Finding]:
    """Check the tables of providers that are installed."""
    found = []
    for name in named_providers(session.config):
        try:
            provider_options(session.config, session.plugins, name)
        except ConfigError as error:
            found.append(Finding("provider", "problem", str(error)))
        except NotInstalledError:
            continue  # said above
    return found


def _own_policies(config: Config) -> "set[str] | Finding":
    from reenact.opening import own_policies

    try:
        return set(own_policies(config))
    except ReenactError as error:
        return Finding("policies", "problem", str(error))


def _check_name(session: Session, seam: Any, name: str) -> Finding | None:
    """Check that a thing is there, and its options; `_check_providers` has those of providers."""
    config = session.config
    tables: dict[str, tuple[str, Mapping[str, Any]]] = {
        "policy": ("policies", config.policy_options),
        "exporter": ("exporters", config.exporters),
        "watch": ("watches", config.watches),
        "executor": ("executors", config.executors),
    }
    try:
        offered = session.plugins.find(seam, name)
        if seam in tables:
            kind, options = tables[seam]
            options_of(offered, options.get(name, {}), f"{kind}.{name}", config)
    except ReenactError as error:
        return Finding(seam, "problem", str(error))
    return None


# --- the journal ----------------------------------------------------------------------------------


async def _check_journal(session: Session) -> list[Finding]:
    try:
        file = session.journal_file()
    except ReenactError as error:
        return [Finding("journal", "problem", str(error))]
    if file is None:
        return [_check_durability(session, None)]
    findings = [_check_durability(session, file), *_check_sqlite(session, file)]
    if not file.exists():
        return [*findings, Finding("journal", "ok", f"{file} is not there yet; the first run makes it")]
    return [*findings, *_check_permissions(file), await _check_readable(session)]


def _check_durability(session: Session, file: Path | None) -> Finding:
    if file is None and session.config.journal.store == "sqlite":
        return Finding(
            "durability",
            "warning",
            "the journal is in memory and not durable: runs are gone with the process",
        )
    level = str(session.config.journal_options.get("synchronous", "full"))
    if level == "normal":
        text = "synchronous = 'normal': survives the process; a power cut may take the last commits"
        return Finding("durability", "warning", text)
    return Finding("durability", "ok", "what is acknowledged survives a power cut")


def _check_sqlite(session: Session, file: Path) -> list[Finding]:
    if session.config.journal.store != "sqlite":
        return []
    version = tuple(int(part) for part in sqlite3.sqlite_version.split("."))
    text = f"version {sqlite3.sqlite_version}"
    if not WAL_RESET_BUG[0] <= version <= WAL_RESET_BUG[1]:
        return [Finding("sqlite", "ok", f"{text}, without the WAL-reset bug (3.7.0 to 3.51.2)")]
    text += " has the WAL-reset bug (3.7.0 to 3.51.2): processes that write at once can damage the file"
    users = processes_with(file)
    if users is None:
        return [Finding("sqlite", "warning", f"{text}; use it from one process at a time, or upgrade SQLite")]
    if users:
        listed = ", ".join(str(pid) for pid in users)
        used = f"other processes have it open now (pid {listed})"
        return [Finding("sqlite", "warning", f"{text}; {used}: use one at a time, or upgrade SQLite")]
    return [Finding("sqlite", "ok", f"{text}; no other process has it open now: one at a time is safe")]


def processes_with(file: Path) -> list[int] | None:
    """Return the processes, this one aside, that have *file* open; None where that cannot be known."""
    proc = Path("/proc")
    if not (proc / "self" / "fd").is_dir() or not file.exists():
        return [] if not file.exists() else None
    wanted = str(file.resolve())
    return [
        int(one.name)
        for one in proc.iterdir()
        if one.name.isdecimal() and int(one.name) != os.getpid() and _has_open(one, wanted)
    ]


def _has_open(process: Path, wanted: str) -> bool:
    try:
        return any(_link(one) == wanted for one in (process / "fd").iterdir())
    except OSError:
        return False  # gone, or another user's


def _link(one: Path) -> str:
    try:
        return str(one.readlink())
    except OSError:
        return ""


def _check_permissions(file: Path) -> list[Finding]:
    beside = [file, *(file.with_name(f"{file.name}{end}") for end in ("-wal", "-shm"))]
    open_to_others = [one for one in beside if one.exists() and stat.S_IMODE(one.stat().st_mode) & 0o077]
    if not open_to_others:
        return [Finding("permissions", "ok", f"{file} is its owner's alone")]
    return [
        Finding("permissions", "warning", f"{one} can be read by others: chmod 600 {one}")
        for one in open_to_others
    ]


async def _check_readable(session: Session) -> Finding:
    from reenact.stores import RunFilter

    try:
        async with session.desk() as desk:
            newest = await desk.list(RunFilter(limit=1))
            size = _size(session)
    except ReenactError as error:
        return Finding("journal", "problem", str(error))
    latest = f", the latest run is {newest[0].id}" if newest else ", no runs"
    return Finding("journal", "ok", f"{desk.store.where}{size}{latest}; 'reenact verify' reads all of it")


def _size(session: Session) -> str:
    file = session.journal_file()
    return f" ({file.stat().st_size:,} bytes)" if file is not None and file.exists() else ""
