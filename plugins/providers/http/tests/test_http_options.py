"""What the options take, and where a key goes."""

import httpx
import pytest
from reenact.errors import AuthenticationError, ConfigError
from reenact.fitting import structure
from reenact_http import HttpOptions, KeyRef, Limits, Vendor
from reenact_http.keys import KeyAuth, home_of, key_of
from reenact_http.options import is_loopback

VENDOR = Vendor(name="acme", base_url="https://api.acme.example/v1", key_env="ACME_API_KEY")
CANARY = "canary0123456789abcdef0123456789"


def of_toml(table):
    """Return options as the kernel reads them."""
    return structure(table, HttpOptions, "providers.acme", {})


def test_toml():
    """A table of TOML becomes options, limits and all."""
    options = of_toml({"base_url": "https://a.example", "key": {"env": "K"}, "limits": {"idle_s": 5}})

    assert options == HttpOptions(base_url="https://a.example", key=KeyRef("K"), limits=Limits(idle_s=5.0))


@pytest.mark.parametrize(
    "table",
    [
        {"key": CANARY},
        {"key": {"env": CANARY}},
        {"key": {"env": "K", "value": CANARY}},
        {"key": {"value": CANARY}},
        {"key": [CANARY]},
        {"key": 7},
        {"base_url": f"https://user:{CANARY}@a.example"},
        {"base_url": f"https://a.example?key={CANARY}"},
        {"proxy": f"http://user:{CANARY}@proxy.example"},
        {"base_url": "file:///etc/passwd"},
        {"idempotency_header": "x: y\r\nz"},
        {"limits": {"idle_s": 0}},
        {"limits": {"idle": 1}},
        {"limit": {}},
        {"verify": False},
    ],
)
def test_what_is_refused(table):
    """Wrong options are one kind of error, which does not show what may be a key."""
    with pytest.raises(ConfigError) as caught:
        of_toml(table)

    assert CANARY not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (HttpOptions(), KeyRef("ACME_API_KEY")),
        (HttpOptions(base_url="https://api.acme.example/v2"), KeyRef("ACME_API_KEY")),
        (HttpOptions(base_url="https://other.example/v1"), None),
        (HttpOptions(base_url="https://api.acme.example:444/v1"), None),
        (HttpOptions(base_url="https://api.acme.example.evil.example/v1"), None),
        (HttpOptions(base_url="https://other.example/v1", key=KeyRef("OTHER")), KeyRef("OTHER")),
        (HttpOptions(base_url="http://127.0.0.1:1/v1", key=KeyRef("LOCAL")), KeyRef("LOCAL")),
    ],
)
def test_the_vendors_key_is_for_the_vendors_host(options, expected):
    """The usual variable is used for the vendor's own host, and for another only what is named."""
    assert key_of(VENDOR, options, home_of(VENDOR, options)) == expected


@pytest.mark.parametrize(
    "options",
    [
        HttpOptions(base_url="http://api.acme.example/v1", key=KeyRef("K")),
        HttpOptions(base_url="http://10.0.0.7:11434", key=KeyRef("K")),
        HttpOptions(base_url="http://127.0.0.1:1", key=KeyRef("K"), proxy="http://proxy.example:3128"),
    ],
)
def test_no_key_leaves_this_machine_in_plain(options):
    """A key over plain http is for the loopback only, and not through a proxy."""
    with pytest.raises(ConfigError, match="plain http"):
        key_of(VENDOR, options, home_of(VENDOR, options))


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("a.localhost", True),
        ("localhost.example", False),
        ("10.0.0.1", False),
        ("2130706433", False),
        ("::ffff:10.0.0.1", False),
        ("", False),
    ],
)
def test_loopback(host, expected):
    """Only this machine is this machine."""
    assert is_loopback(host) is expected


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("https://api.acme.example/v1/chat", True),
        ("https://api.acme.example:443/other", True),
        ("https://evil.example/v1/chat", False),
        ("http://api.acme.example/v1/chat", False),
        ("https://api.acme.example:8443/v1/chat", False),
    ],
)
def test_a_key_goes_home_only(url, sent, monkeypatch):
    """A request to another scheme, host or port leaves without the key."""
    monkeypatch.setenv("K", CANARY)
    auth = KeyAuth(VENDOR, KeyRef("K"), httpx.URL(VENDOR.base_url))
    request = httpx.Request("POST", url)

    next(auth.auth_flow(request))

    assert (request.headers.get("authorization") == f"Bearer {CANARY}") is sent


def test_a_key_is_kept_nowhere(monkeypatch):
    """No object holds the key; it is read when a request leaves, so that a new one is used at once."""
    monkeypatch.setenv("K", CANARY)
    auth = KeyAuth(VENDOR, KeyRef("K"), httpx.URL(VENDOR.base_url))

    assert CANARY not in repr(vars(auth))
    assert auth.key() == CANARY
    monkeypatch.setenv("K", "another")
    assert auth.key() == "another"
    monkeypatch.setenv("K", " ")
    with pytest.raises(AuthenticationError):
        auth.key()
