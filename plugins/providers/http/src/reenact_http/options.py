"""What every vendor plugin can be told in TOML, and what it refuses to be told.

A key is never in the configuration: the configuration names the environment
variable that holds it. An address with a key in it is refused for the same reason.
"""

import ipaddress
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import attrs
from reenact.errors import ConfigError
from reenact.seams import given_name

MIB = 2**20

_ENV_NAME = re.compile(r"[A-Z_][A-Z0-9_]{0,63}", re.ASCII)
_HEADER_NAME = re.compile(r"[A-Za-z0-9-]{0,64}", re.ASCII)
_HOW = 'write key = { env = "NAME" }, the name of an environment variable that holds it'


def _env_name(_: object, field: "attrs.Attribute[str]", value: object) -> None:
    # The value is not quoted: it may be a key that was put in the wrong place.
    if not isinstance(value, str) or _ENV_NAME.fullmatch(value) is None:
        raise ConfigError(
            f"env is not a name of A-Z, 0-9 and _; a key does not belong here: {_HOW}", field.name
        )


@attrs.frozen
class KeyRef:
    """Where a key is to be found; never the key.

    Attributes:
        env: The name of the environment variable; at most 64 characters.
    """

    env: str = attrs.field(validator=_env_name)


def _key_ref(value: Any) -> KeyRef | None:
    """Return the reference that TOML spells as ``{ env = "NAME" }``.

    Raises:
        ConfigError: If it is anything else, a literal key most of all; it is not quoted.
    """
    if value is None or isinstance(value, KeyRef):
        return value
    if isinstance(value, str):
        raise ConfigError(f"a key itself does not belong in the configuration: {_HOW}", "key")
    if not isinstance(value, dict) or set(value) != {"env"}:
        raise ConfigError(f"not a reference to a key: {_HOW}", "key")
    return KeyRef(value["env"])


def _positive(_: object, field: "attrs.Attribute[Any]", value: float) -> None:
    if not value > 0:
        raise ConfigError(f"{field.name} is {value}, and must be above 0", f"limits.{field.name}")


@attrs.frozen(kw_only=True)
class Limits:
    """How long and how large a call may become.

    Attributes:
        connect_s: To make a connection, in seconds.
        first_byte_s: From the request's last byte to the answer's first, in seconds.
        idle_s: The longest silence within an answer, in seconds; at most `first_byte_s`.
        total_s: For the whole call, waiting for a free connection included, in seconds.
        answer_bytes: The largest answer, decompressed, in bytes.
        retry_after_s: The longest wait a vendor may ask for; longer ones are cut to it, in seconds.
        connections: Open connections at one time to the vendor, for each event loop.
        keepalive_s: How long an unused connection is kept, in seconds.
    """

    connect_s: float = attrs.field(default=10.0, validator=_positive)
    first_byte_s: float = attrs.field(default=300.0, validator=_positive)
    idle_s: float = attrs.field(default=120.0, validator=_positive)
    total_s: float = attrs.field(default=900.0, validator=_positive)
    answer_bytes: int = attrs.field(default=32 * MIB, validator=_positive)
    retry_after_s: float = attrs.field(default=3600.0, validator=_positive)
    connections: int = attrs.field(default=256, validator=_positive)
    keepalive_s: float = attrs.field(default=30.0, validator=_positive)


def _address(*, empty: bool) -> Callable[[Any, "attrs.Attribute[str]", str], None]:
    def check(_: object, field: "attrs.Attribute[str]", value: str) -> None:
        if value == "" and empty:
            return
        parts = urlsplit(value)
        if parts.username is not None or parts.password is not None:
            raise ConfigError(
                f"{field.name} has a name or a password in it; secrets do not belong here", field.name
            )
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ConfigError(f"{field.name} is no http or https address", field.name)
        if parts.query or parts.fragment:
            raise ConfigError(
                f"{field.name} has a query or a fragment; give the address up to the path", field.name
            )

    return check


def _header(_: object, field: "attrs.Attribute[str]", value: str) -> None:
    if _HEADER_NAME.fullmatch(value) is None:
        raise ConfigError(f"{field.name} is no header's name", field.name)


@attrs.frozen(kw_only=True)
class HttpOptions:
    """What every vendor plugin can be told.

    Attributes:
        name: What the configuration calls the provider; the vendor's own name if empty. No key in TOML.
        base_url: Where the endpoints begin; at the vendor's own host if empty.
        key: Where the key is: ``{ env = "NAME" }``, the environment variable that holds it. If not set, the
            vendor's usual variable for the vendor's own host, and no key at all for any other: a key goes
            to the host it was given for.
        proxy: The address of an http proxy; none if empty. Environment variables do not set one.
        ca_file: Certificates to trust besides the usual ones, a PEM file; a relative path starts at the
            current folder.
        keep_raw: Keep the vendor's answer in the response, as it came.
        idempotency_header: The header in which the server takes idempotency keys; none is sent if empty.
        limits: How long and how large a call may become.
    """

    name: str = given_name()
    base_url: str = attrs.field(default="", validator=_address(empty=True))
    # Any, so that nobody else reads the table first: who reads it wrongly quotes it, and it may be a key.
    key: Any = attrs.field(default=None, converter=_key_ref)
    proxy: str = attrs.field(default="", validator=_address(empty=True))
    ca_file: str = ""
    keep_raw: bool = False
    idempotency_header: str = attrs.field(default="", validator=_header)
    limits: Limits = attrs.field(factory=Limits)


def is_loopback(host: str) -> bool:
    """Say whether *host* is this machine; ``localhost`` counts, other names do not."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
