"""Encrypted connections and proxies, against a server on this machine."""

import asyncio
import shutil
import ssl
import subprocess

import pytest
from pytest_reenact.conformance.play import HELLO, context
from pytest_reenact.conformance.script import KEY, KEY_ENV
from reenact.errors import ConnectionLostError, ProviderError
from reenact.seams import Capabilities
from reenact_http import Assembly, Frame, HttpOptions, KeyRef, Vendor, open_provider

VENDOR = Vendor(name="acme", base_url="https://api.acme.example/v1")
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"


class Echo:
    """The smallest dialect: every answer says ok."""

    framing = "sse"
    ended = False

    def path(self, call):
        return "chat"

    def body(self, call):
        return {"model": call.model}

    def reader(self, call):
        return self

    def whole(self, data):
        assembly = Assembly("acme")
        assembly.add_text("ok")
        return assembly

    def event(self, frame: Frame):
        return ()

    def end(self):
        return None


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Return the files of a key and a certificate that only this test trusts."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("there is no openssl on this machine to make a certificate")
    folder = tmp_path_factory.mktemp("tls")
    key, cert = folder / "key.pem", folder / "cert.pem"
    make = (
        "req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    )
    subprocess.run([openssl, *make.split(), "-keyout", key, "-out", cert], check=True, capture_output=True)
    return key, cert


def ask(options, handle, *, tls=None):
    """Return what one call comes to: the text of the answer, or the error."""

    async def act():
        server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=tls)
        port = server.sockets[0].getsockname()[1]
        async with server, open_provider(VENDOR, options(port), Echo(), Capabilities()) as provider:
            try:
                return (await provider.complete("m", HELLO, context())).text
            except ProviderError as error:
                return error

    return asyncio.run(act())


def answering(seen):
    """Return a server that notes the head of a request and answers it."""

    async def handle(reader, writer):
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            seen.append(head.decode())
            if head.startswith(b"CONNECT"):
                writer.write(b"HTTP/1.1 403 No\r\ncontent-length: 0\r\n\r\n")
            else:
                writer.write(ANSWER)
            await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.close()

    return handle


def server_context(certificate):
    """Return what the server encrypts with."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate[1], certificate[0])
    return tls


def test_a_certificate_nobody_vouches_for(certificate):
    """A server whose certificate is not trusted gets nothing, and no retry helps."""
    seen = []

    error = ask(
        lambda port: HttpOptions(base_url=f"https://localhost:{port}"),
        answering(seen),
        tls=server_context(certificate),
    )

    assert isinstance(error, ConnectionLostError)
    assert "ca_file" in str(error)
    assert (error.retryable, seen) == (False, [])


def test_a_certificate_of_ones_own(certificate, monkeypatch):
    """With ca_file a certificate of one's own is trusted, and the key goes there encrypted."""
    monkeypatch.setenv(KEY_ENV, KEY)
    seen = []

    text = ask(
        lambda port: HttpOptions(
            base_url=f"https://localhost:{port}", ca_file=str(certificate[1]), key=KeyRef(KEY_ENV)
        ),
        answering(seen),
        tls=server_context(certificate),
    )

    assert text == "ok"
    assert f"Bearer {KEY}" in seen[0]


def test_a_proxy_sees_no_key(monkeypatch):
    """Through a proxy, a key travels inside the encryption: the proxy is asked for a tunnel only."""
    monkeypatch.setenv(KEY_ENV, KEY)
    seen = []

    error = ask(
        lambda port: HttpOptions(
            base_url="https://api.acme.example", proxy=f"http://127.0.0.1:{port}", key=KeyRef(KEY_ENV)
        ),
        answering(seen),
    )

    assert isinstance(error, ConnectionLostError)
    assert seen[0].startswith("CONNECT api.acme.example:443")
    assert KEY not in "".join(seen)
