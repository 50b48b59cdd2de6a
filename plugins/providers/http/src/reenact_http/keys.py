"""A key goes from its environment variable to its own host, and nowhere else.

It is read when a request is about to leave and kept nowhere: no object of ours holds it, so
none can show it. `httpx` hands a request to its `Auth` last, after everything that logs.
"""

import os
from collections.abc import Generator

import attrs
import httpx
from reenact.errors import AuthenticationError, ConfigError

from reenact_http.options import HttpOptions, KeyRef, is_loopback


@attrs.frozen(kw_only=True)
class Vendor:
    """What is particular to a vendor before any format.

    Attributes:
        name: The provider's name, as in TOML.
        base_url: The vendor's own endpoint, up to the path that all calls share.
        key_env: The variable in which people keep its key; empty if it takes none.
        key_header: The header the key goes into.
        key_scheme: What stands before the key in it.
        request_id_header: The answer's header that names the call.
    """

    name: str
    base_url: str
    key_env: str = ""
    key_header: str = "authorization"
    key_scheme: str = "Bearer "
    request_id_header: str = "x-request-id"


class KeyAuth(httpx.Auth):
    """Puts the key on requests to its own host.

    Args:
        vendor: Where the key goes in a request.
        key: Where the key is; None if there is none.
        home: The address it is for.
    """

    def __init__(self, vendor: Vendor, key: KeyRef | None, home: httpx.URL) -> None:
        self._vendor = vendor
        self._env = key.env if key else ""
        self._home = _origin(home)

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Put the key on *request*, if it goes home."""
        if self._env and _origin(request.url) == self._home:
            request.headers[self._vendor.key_header] = self._vendor.key_scheme + self.key()
        yield request

    @property
    def env(self) -> str:
        """The environment variable that the key is in; empty if there is none."""
        return self._env

    def key(self) -> str:
        """Return the key.

        Raises:
            AuthenticationError: If the variable is not set, or no header could carry what it holds.
        """
        key = os.environ.get(self._env, "").strip()
        if not key:
            raise AuthenticationError(
                self._vendor.name,
                f"no key: the environment variable {self._env} is not set; set it, or name another "
                f'with [providers.{self._vendor.name}] key = {{ env = "NAME" }}',
            )
        if not (key.isascii() and key.isprintable()):
            raise AuthenticationError(
                self._vendor.name, f"the environment variable {self._env} holds characters that no key has"
            )
        return key

    def secrets(self) -> tuple[str, ...]:
        """Return what no error may repeat."""
        key = os.environ.get(self._env, "").strip() if self._env else ""
        return (key,) if key else ()


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def same_origin(one: httpx.URL, other: httpx.URL) -> bool:
    """Say whether two addresses have scheme, host and port in common."""
    return _origin(one) == _origin(other)


def home_of(vendor: Vendor, options: HttpOptions) -> httpx.URL:
    """Return where the vendor's endpoints begin, with a slash at the end."""
    return httpx.URL((options.base_url or vendor.base_url).rstrip("/") + "/")


def key_of(vendor: Vendor, options: HttpOptions, home: httpx.URL) -> KeyRef | None:
    """Return where the key for *home* is, if there is to be one.

    Raises:
        ConfigError: If it would leave this machine unencrypted.
    """
    key: KeyRef | None = options.key
    if key is None and vendor.key_env and same_origin(home, httpx.URL(vendor.base_url)):
        key = KeyRef(vendor.key_env)
    if key and home.scheme == "http" and (options.proxy or not is_loopback(home.host)):
        raise ConfigError(
            "a key would go over plain http; use https, or leave the key out",
            f"providers.{vendor.name}",
            "base_url",
        )
    return key
