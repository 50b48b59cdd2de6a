"""Finding plugins: what is installed, what it offers, what is broken.

Installing a plugin activates nothing but the names it offers. Entry points are
loaded in name order, each on its own: one that cannot be imported is listed as
broken, and matters only if the configuration needs it.
"""

import importlib.metadata
from collections.abc import Iterable, Sequence
from typing import Any, Literal, TypeAlias

import attrs
import pluggy

from reenact import hookspecs
from reenact.errors import BrokenPluginError, NotInstalledError, PluginConflictError
from reenact.seams import Offer

GROUP = "reenact"

Seam: TypeAlias = Literal["store", "provider", "policy", "exporter", "executor", "watch"]

_HOOKS: dict[Seam, str] = {
    "store": "reenact_stores",
    "provider": "reenact_providers",
    "policy": "reenact_policies",
    "exporter": "reenact_exporters",
    "executor": "reenact_executors",
    "watch": "reenact_watches",
}


@attrs.frozen
class Offered:
    """An offer, and who makes it.

    Attributes:
        seam: What it is an offer of.
        offer: The offer.
        distribution: The distribution, with its version; or the module registered by hand.
    """

    seam: Seam
    offer: Offer[Any]
    distribution: str


@attrs.frozen
class Broken:
    """A plugin that could not be loaded.

    Attributes:
        name: Its entry point's name.
        distribution: The distribution, with its version.
        reason: The exception, in one line.
    """

    name: str
    distribution: str
    reason: str


class Plugins:
    """What is installed.

    Args:
        disabled: Names of entry points that are not loaded.
        extra: Plugin modules or objects that are registered by hand, after the installed ones.
        installed: Whether to look for installed ones at all.
    """

    def __init__(
        self, *, disabled: Sequence[str] = (), extra: Iterable[object] = (), installed: bool = True
    ) -> None:
        self._manager = pluggy.PluginManager(hookspecs.PROJECT)
        self._manager.add_hookspecs(hookspecs)
        self._extra = tuple(extra)
        self._disabled = frozenset(disabled)
        self._points = _entry_points() if installed else ()
        self._loaded: dict[str, str] = {}
        self._tried: set[str] = set()
        self.broken: list[Broken] = []
        for number, plugin in enumerate(self._extra):
            name = getattr(plugin, "__name__", None) or f"{type(plugin).__name__}-{number}"
            self._register(plugin, name, f"{name} (registered by hand)")

    def _register(self, plugin: object, name: str, distribution: str) -> None:
        self._manager.register(plugin, name=name)
        self._loaded[name] = distribution

    def _load(self, points: Iterable[tuple[importlib.metadata.EntryPoint, str]]) -> None:
        for point, distribution in points:
            key = f"{point.name} of {distribution}"
            if key in self._tried or point.name in self._disabled:
                continue
            self._tried.add(key)
            try:
                self._register(point.load(), key, distribution)
            except Exception as error:
                self._break(point.name, distribution, error)

    def _break(self, name: str, distribution: str, error: Exception) -> None:
        self.broken.append(Broken(name, distribution, f"{type(error).__name__}: {error}"))

    def load_all(self) -> None:
        """Load every installed plugin that is not disabled."""
        self._load(self._points)

    def offers(self, seam: Seam | None = None) -> list[Offered]:
        """Return all offers, by seam and name; every plugin is loaded for it."""
        self.load_all()
        seams = [seam] if seam else list(_HOOKS)
        return [offered for one in seams for offered in sorted(self._ask(one), key=lambda o: o.offer.name)]

    def find(self, seam: Seam, name: str) -> Offered:
        """Return the offer of that name.

        The plugin whose entry point has the name is loaded first; the others only if it does
        not make the offer, so that a process which uses two plugins does not import twenty.

        Raises:
            NotInstalledError: If nothing offers it.
            BrokenPluginError: If nothing offers it and a plugin of that name could not be loaded.
            PluginConflictError: If two plugins offer it.
        """
        self._load(pair for pair in self._points if pair[0].name == name)
        found = self._named(seam, name)
        if not found:
            self.load_all()
            found = self._named(seam, name)
        if len(found) > 1:
            raise PluginConflictError(seam, name, tuple(o.distribution for o in found))
        if found:
            return found[0]
        for broken in self.broken:
            if broken.name == name:
                raise BrokenPluginError(name, broken.reason)
        raise NotInstalledError(seam, name, tuple(sorted(o.offer.name for o in self._ask(seam))))

    def _named(self, seam: Seam, name: str) -> list[Offered]:
        return [offered for offered in self._ask(seam) if offered.offer.name == name]

    def _ask(self, seam: Seam) -> list[Offered]:
        found = []
        for implementation in getattr(self._manager.hook, _HOOKS[seam]).get_hookimpls():
            name = implementation.plugin_name
            made: Any = implementation.function
            distribution = self._loaded[name]
            try:
                found.extend([Offered(seam, _checked(offer), distribution) for offer in made()])
            except Exception as error:
                if not any(broken.distribution == distribution for broken in self.broken):
                    self._break(name.split(" of ")[0], distribution, error)
        return found

    def commands(self) -> list[Any]:
        """Return the commands that plugins offer, in the order of their plugins' names."""
        self.load_all()
        return self._commands()

    def command(self, name: str) -> Any | None:
        """Return the command of that name, or None.

        As with `find`, the plugin whose entry point has the name is loaded first, and the others
        only if it does not offer the command.
        """
        self._load(pair for pair in self._points if pair[0].name == name)
        found = [one for one in self._commands() if one.name == name]
        if not found:
            found = [one for one in self.commands() if one.name == name]
        return found[0] if found else None

    def _commands(self) -> list[Any]:
        hook = self._manager.hook.reenact_commands
        ordered = sorted(hook.get_hookimpls(), key=lambda implementation: implementation.plugin_name)
        commands: list[Any] = []
        for implementation in ordered:
            made: Any = implementation.function
            name = implementation.plugin_name
            try:
                commands.extend(made())
            except Exception as error:
                self._break(name.split(" of ")[0], self._loaded[name], error)
        return commands

    def versions(self, names: Iterable[str]) -> dict[str, str]:
        """Return the distributions of the plugins that are loaded, and of those named, with their versions.

        Args:
            names: Names of entry points; they are not loaded for it.
        """
        wanted = frozenset(names)
        told = [*self._loaded.values(), *(dist for point, dist in self._points if point.name in wanted)]
        pairs = [one.split(" ") for one in told]
        return {pair[0]: pair[1] for pair in pairs if len(pair) == 2}  # noqa: PLR2004  # name and version

    @property
    def registered(self) -> dict[str, str]:
        """The plugins that are loaded: name and distribution."""
        return dict(self._loaded)


def _checked(offer: object) -> Offer[Any]:
    if isinstance(offer, Offer):
        return offer
    raise TypeError(f"it offers {offer!r:.80}, which is no Offer")


def _entry_points() -> tuple[tuple[importlib.metadata.EntryPoint, str], ...]:
    found = []
    for point in importlib.metadata.entry_points(group=GROUP):
        dist = point.dist
        found.append((point, f"{dist.name} {dist.version}" if dist else "unknown"))
    return tuple(sorted(found, key=lambda pair: (pair[0].name, pair[1])))
