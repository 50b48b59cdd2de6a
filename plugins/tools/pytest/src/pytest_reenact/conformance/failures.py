# a suite is made of assertions about numbers it chose itself
"""What goes wrong at the vendor, and which error it becomes."""

import datetime as dt
import email.utils
import logging
import traceback
from collections.abc import Mapping

import attrs
import pytest
from reenact import errors
from reenact.errors import (
    AuthenticationError,
    ConfigError,
    MalformedAnswerError,
    ProviderError,
    RateLimitedError,
)
from reenact.seams import Provider

from pytest_reenact.conformance.play import HELLO, PROMPT, Play, context
from pytest_reenact.conformance.script import KEY, KEY_ENV, Kind, Script
from pytest_reenact.conformance.server import Reply, Server

KINDS: Mapping[Kind, tuple[type[ProviderError], bool]] = {
    "authentication": (errors.AuthenticationError, False),
    "forbidden": (errors.ForbiddenError, False),
    "not_found": (errors.ModelNotFoundError, False),
    "bad_request": (errors.BadRequestError, False),
    "context": (errors.ContextTooLongError, False),
    "filter": (errors.ContentFilterError, False),
    "rate": (errors.RateLimitedError, True),
    "quota": (errors.QuotaError, False),
    "overloaded": (errors.OverloadedError, True),
    "server": (errors.ServerError, True),
    "timeout": (errors.ProviderTimeoutError, True),
}
"""Every kind of failure, the error it becomes, and whether it is worth another try."""

DATE = "Mon, 23 Nov 2026 12:00:00 GMT"
MOST_WAIT_S = 3600.0


def _at(seconds: float) -> str:
    then = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC) + dt.timedelta(seconds=seconds)
    return email.utils.format_datetime(then, usegmt=True)


WAITS: Mapping[str, tuple[Mapping[str, str], float | None]] = {
    "seconds": ({"retry-after": "7"}, 7.0),
    "fraction": ({"retry-after": "1.5"}, 1.5),
    "milliseconds come first": ({"retry-after-ms": "250.5", "retry-after": "9"}, 0.2505),
    "date": ({"retry-after": _at(30), "date": DATE}, 30.0),
    "date that is past": ({"retry-after": _at(-30), "date": DATE}, 0.0),
    "date a year ahead": ({"retry-after": _at(3.2e7), "date": DATE}, MOST_WAIT_S),
    "negative": ({"retry-after": "-5"}, 0.0),
    "a year": ({"retry-after": "31536000"}, MOST_WAIT_S),
    "more digits than a float has": ({"retry-after": "9" * 400}, None),
    "infinity": ({"retry-after": "inf"}, None),
    "not a number": ({"retry-after": "nan", "retry-after-ms": "soon"}, None),
    "empty": ({"retry-after": ""}, None),
    "nothing": ({}, None),
}


class Failures(Play):
    """Every failure is one kind of error, and says whether another try may help."""

    @pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
    @pytest.mark.parametrize("kind", KINDS)
    def test_every_kind(self, kind: Kind, stream: bool) -> None:
        """What the vendor says in its own way becomes one kind of error, with the vendor's words."""
        reply = self.double.failure(kind, "words of the vendor")
        if not reply.status:
            pytest.skip("the vendor has no such failure")

        error = self.fails(reply, stream=stream)

        assert (type(error), error.retryable) == KINDS[kind]
        assert "words of the vendor" in error.message
        assert (error.provider, error.status) == (self.double.offer.name, reply.status)

    @pytest.mark.parametrize("name", WAITS)
    def test_how_long_to_wait(self, name: str) -> None:
        """Every spelling of a wait is read; none is below nothing or above the limit."""
        headers, wait_s = WAITS[name]
        reply = self.double.failure("rate", "slow down")
        bare = attrs.evolve(reply, headers={**reply.headers, **headers}, pieces=(b'{"error":"slow down"}',))

        error = self.fails(bare)

        assert isinstance(error, RateLimitedError)
        assert error.retry_after_s == pytest.approx(wait_s)

    @pytest.mark.parametrize(("wish", "status"), [("true", 400), ("false", 500)])
    def test_the_vendor_decides_about_a_retry(self, wish: str, status: int) -> None:
        """A server that says whether to try again is believed."""
        error = self.fails(Reply(status=status, headers={"x-should-retry": wish}))

        assert error.retryable is (wish == "true")

    @pytest.mark.parametrize("status", [300, 304, 400, 405, 418, 422, 500, 502, 503, 504, 520, 529])
    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"<html>Bad gateway</html>",
            b"\xff\xfe",
            b"[]",
            b"null",
            b"{",
            b'{"error":{"message":[]}}',
            b"7",
        ],
    )
    def test_a_gateways_page(self, status: int, body: bytes) -> None:
        """A failure with a body that is not the vendor's is told by its status."""
        error = self.fails(Reply(status=status, pieces=(body,)))

        assert error.status == status
        assert error.retryable is (status >= 500)

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_redirects_are_not_followed(self, status: int) -> None:
        """A redirect is an error: the key and the prompt go nowhere else."""

        async def act(provider: Provider, server: Server) -> tuple[ProviderError, int]:
            try:
                await provider.complete("m", HELLO, context())
            except ProviderError as error:
                return error, len(server.received)
            raise AssertionError("the call did not fail")

        error, requests = self.scene(Reply(status=status, headers={"location": "/elsewhere?token=abc"}), act)

        assert (requests, error.retryable) == (1, False)
        assert "abc" not in str(error)

    def test_a_web_page_in_place_of_an_answer(self) -> None:
        """A page of some portal with status 200 is no answer."""
        page = Reply(headers={"content-type": "text/html"}, pieces=(b"<html>Please log in</html>",))

        found = [self.fails(page, stream=stream) for stream in (False, True)]

        assert all(isinstance(error, MalformedAnswerError) for error in found)

    def test_an_error_with_status_200(self) -> None:
        """An error that a gateway sends with status 200 is an error, also where a stream was asked for."""
        body = b'{"error":{"message":"overloaded, try later","type":"overloaded_error"}}'
        reply = Reply(headers={"content-type": "application/json"}, pieces=(body,))

        found = [self.fails(reply, stream=stream) for stream in (False, True)]

        assert all(isinstance(error, errors.OverloadedError | MalformedAnswerError) for error in found)


class Secrets(Play):
    """A key goes to its own host and is never shown; a prompt is not repeated."""

    @pytest.mark.parametrize("kind", KINDS)
    def test_nothing_is_quoted(self, kind: Kind, caplog: pytest.LogCaptureFixture) -> None:
        """No error, traceback, repr or log has the key or the prompt, though the vendor quotes them."""
        caplog.set_level(logging.DEBUG)
        quoting = self.double.failure(kind, f"key {KEY} (Bearer {KEY}) may not ask: {PROMPT}\r\n\x1b[31m")

        error = self.fails(quoting if quoting.status else Reply(status=500, pieces=(KEY.encode(),)))

        shown = "".join(
            [*traceback.format_exception(error), repr(error), str(error), caplog.text, *self._chain(error)]
        )
        assert KEY not in shown
        assert PROMPT not in shown
        assert "Quillfeather" not in str(error)
        assert "\x1b" not in str(error)
        assert "\n" not in str(error)

    def _chain(self, error: BaseException) -> list[str]:
        linked = [one for one in (error.__cause__, error.__context__) if one is not None]
        return [repr(vars(one)) for one in linked]

    def test_a_missing_key_is_told_before_anything_is_sent(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without its variable a call fails with the variable's name, and no connection is made."""
        monkeypatch.delenv(KEY_ENV)

        async def act(provider: Provider, server: Server) -> tuple[ProviderError, int]:
            try:
                await provider.complete("m", HELLO, context())
            except ProviderError as error:
                return error, len(server.received)
            raise AssertionError("the call did not fail")

        error, requests = self.scene(self.says(Script(text="ok")), act)

        assert isinstance(error, AuthenticationError)
        assert KEY_ENV in str(error)
        assert (requests, error.retryable) == (0, False)

    @pytest.mark.parametrize("value", [f"{KEY}\r\nx-evil: 1", f"{KEY}\x00", f"{KEY}é"])
    def test_a_key_that_no_header_can_carry(self, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """A variable that holds something else than a key is told, and not shown."""
        if "\x00" in value:
            value = value.replace("\x00", "\x01")  # no environment can hold the other
        monkeypatch.setenv(KEY_ENV, value)

        error = self.fails(self.says(Script(text="ok")))

        assert isinstance(error, AuthenticationError)
        assert KEY not in str(error)

    def test_no_proxy_of_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Proxies that the environment names are not used."""
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "HTTPS_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")

        response = self.complete(self.says(Script(text="ok")))

        assert response.text == "ok"

    @pytest.mark.parametrize("key", [KEY, {"env": KEY}, {"env": "OK", "literal": KEY}, {"value": KEY}, [KEY]])
    def test_a_literal_key_is_refused(self, key: object) -> None:
        """A key in the configuration is refused, with the way to name it, and is not shown."""
        with pytest.raises(ConfigError, match="env") as caught:
            self.scene(self.says(Script(text="ok")), lambda provider, _: _nothing(provider), key=key)

        assert KEY not in str(caught.value)

    @pytest.mark.parametrize(
        "url", ["http://api.example.com/v1", "http://192.0.2.1", "http://127.0.0.1.example.com"]
    )
    def test_no_key_over_plain_http(self, url: str) -> None:
        """A key is sent unencrypted to this machine and to no other."""
        with pytest.raises(ConfigError):
            self.scene(self.says(Script(text="ok")), lambda provider, _: _nothing(provider), base_url=url)

    @pytest.mark.parametrize(
        "url", ["https://user:pass@a.example", "ftp://a.example", "a.example", "https://a.example/?key=1"]
    )
    def test_addresses_that_are_none(self, url: str) -> None:
        """An address with a password, a query or another scheme is refused."""
        with pytest.raises(ConfigError):
            self.scene(self.says(Script(text="ok")), lambda provider, _: _nothing(provider), base_url=url)


async def _nothing(_: Provider) -> None:
    return None
