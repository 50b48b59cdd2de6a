"""What every error of the runtime is, and what was asked for that makes no sense."""

import difflib

import attrs

PACKAGE = "reenact.errors"


class ReenactError(Exception):
    """Base of every error of the runtime.

    Attributes:
        trace_id: The trace of the run it happened in, if it happened in one.
    """

    trace_id: str | None = None

    __module__ = PACKAGE

    def __init_subclass__(cls) -> None:
        """Name what is defined in this package as it is imported, which is how it stands in journals."""
        if cls.__module__.startswith(f"{PACKAGE}."):
            cls.__module__ = PACKAGE


@attrs.define
class UsageError(ReenactError):
    """What was asked for makes no sense, whatever the state of things."""

    problem: str

    def __str__(self) -> str:
        return self.problem


@attrs.define
class ConfigError(UsageError):
    """A key or a value in the configuration is wrong.

    Attributes:
        where: The TOML path, such as ``policies.ratelimit.limits``.
        source: The file, environment variable or argument it came from.
    """

    where: str = ""
    source: str = ""

    def __str__(self) -> str:
        place = f" in [{self.where}]" if self.where else ""
        source = f" ({self.source})" if self.source else ""
        return f"{self.problem}{place}{source}"


@attrs.define
class InputError(UsageError):
    """A workflow's arguments do not fit its signature."""


class PluginError(ReenactError):
    """Something about a plugin."""


@attrs.define
class NotInstalledError(PluginError):
    """No installed plugin offers the name asked for."""

    seam: str
    name: str
    offered: tuple[str, ...] = ()

    def __str__(self) -> str:
        offered = ", ".join(self.offered) or "none"
        return (
            f"no installed plugin offers a {self.seam} named {self.name!r} (on offer: {offered}); "
            f"install one, for example with: pip install reenact-{self.name}"
        )


@attrs.define
class PluginConflictError(PluginError):
    """Two distributions offer one name; nothing says which is meant."""

    seam: str
    name: str
    distributions: tuple[str, ...]

    def __str__(self) -> str:
        return (
            f"{self.seam} {self.name!r} is offered by {' and '.join(self.distributions)}; "
            f"uninstall one, or list the other in [plugins] disabled"
        )


@attrs.define
class BrokenPluginError(PluginError):
    """A plugin that the configuration needs could not be loaded."""

    name: str
    reason: str

    def __str__(self) -> str:
        return f"plugin {self.name!r} could not be loaded: {self.reason}"


def did_you_mean(word: str, known: list[str] | tuple[str, ...]) -> str:
    """Return ``; did you mean 'x'?`` for the nearest of *known*, or nothing."""
    near = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""
