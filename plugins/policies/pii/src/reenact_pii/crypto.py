"""Addresses of crypto currencies, by the checksum each has, or by a form nothing else has."""

import hashlib
import re
from base64 import b32decode, urlsafe_b64decode
from binascii import crc_hqx
from collections.abc import Iterable, Iterator

from reenact_pii import checksums
from reenact_pii.context import before, listed, words
from reenact_pii.findings import Hit, Kind
from reenact_pii.pages import Page

_TOKEN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z0-9]{25,130}+(?![A-Za-z0-9])")
_ETHEREUM = re.compile(r"0x[0-9a-fA-F]{40}|xdc[0-9a-fA-F]{40}")
_BECH32 = re.compile(r"[a-z]{1,16}1[02-9ac-hj-np-z]{8,110}|[A-Z]{1,16}1[02-9AC-HJ-NP-Z]{8,110}")
_BECH32_PARTS = frozenset(listed("bech32_prefixes"))
_BASE58 = re.compile(r"[1-9A-HJ-NP-Za-km-z]{25,112}")
_MONERO = re.compile(r"[48][1-9AB][1-9A-HJ-NP-Za-km-z]{93}|4[1-9A-HJ-NP-Za-km-z]{105}")
_STELLAR = re.compile(r"[GS][A-Z2-7]{55}")
_ALGORAND = re.compile(r"[A-Z2-7]{58}")
_CASH = re.compile(
    r"(?<![A-Za-z0-9])(bitcoincash|bchtest|ecash|simpleledger):([qp][02-9ac-hj-np-z]{41})(?![A-Za-z0-9])"
)
_TON = re.compile(r"(?<![A-Za-z0-9_-])[EUk0][Qf][A-Za-z0-9_-]{46}(?![A-Za-z0-9_-])")
_TON_CHARS = 48
_WALLET_WORDS = words("wallet")

_SOLANA_BYTES, _POLKADOT_BYTES = 32, (35, 36)
_PRIVATE_BYTES = {0x80, 0xEF, 0xB0, 0x9E, 0xCC}
_EXTENDED_BYTES = 78


def find_crypto(page: Page) -> Iterable[Hit]:
    """Return addresses, and private keys in the same spellings."""
    return _crypto(page) if page.long_words else ()


def _crypto(page: Page) -> Iterator[Hit]:
    text, lower, words = page.text, page.lower, page.long_words
    for match in _TOKEN.finditer(text) if _TOKEN.search(words) else ():
        start, end = match.span()
        token = match[0]
        why = _address(token)
        if why:
            yield Hit(start, end, Kind.CRYPTO, 1.0, why)
        elif why is None:
            yield from _other(token, start, lower)
    if len(words) >= _TON_CHARS and _TON.search(words):
        yield from _find_ton(text)
    if ":" in words and ("bitcoincash:" in lower or "ecash:" in lower or "simpleledger:" in lower):
        for match in _CASH.finditer(lower):
            if checksums.cashaddr(match[1], match[2]):
                yield Hit(*match.span(), Kind.CRYPTO, 1.0, "cashaddr")


def _address(token: str) -> str | None:
    """Return what kind of address *token* is by its form; empty if it cannot be one, None if perhaps."""
    if _ETHEREUM.fullmatch(token):
        return "Ethereum"
    if (
        _BECH32.fullmatch(token)
        and token.lower().rpartition("1")[0] in _BECH32_PARTS
        and checksums.bech32(token)
    ):
        return "bech32"
    if token[0] in "48" and _MONERO.fullmatch(token):
        return "Monero"
    if token[0] == "G" and _STELLAR.fullmatch(token) and _is_stellar(token):
        return "Stellar"
    if _ALGORAND.fullmatch(token) and _is_algorand(token):
        return "Algorand"
    return None if _BASE58.fullmatch(token) or token[0] in "rS" else ""


def _other(token: str, start: int, lower: str) -> Iterator[Hit]:
    """Yield what *token* is in base58, if anything."""
    end = start + len(token)
    body = checksums.base58check(token)
    if body:
        yield Hit(start, end, *_kind_of(body))
    elif token[0] == "r" and len(checksums.base58check(token, checksums.RIPPLE58)) == 21:  # noqa: PLR2004  # version and hash
        yield Hit(start, end, Kind.CRYPTO, 1.0, "Ripple")
    elif token[0] == "S" and _STELLAR.fullmatch(token) and _is_stellar(token):
        yield Hit(start, end, Kind.SECRET, 1.0, "Stellar seed")
    elif len(token) < 51 and _is_keyed(token) and (_is_polkadot(token) or _is_solana(token, start, lower)):  # noqa: PLR2004  # both are shorter
        yield Hit(start, end, Kind.CRYPTO, 0.85, "public key in base58")


def _kind_of(body: bytes) -> tuple[Kind, float, str]:
    if (len(body) in {33, 34} and body[0] in _PRIVATE_BYTES) or (
        len(body) == _EXTENDED_BYTES and body[45] == 0
    ):
        return Kind.SECRET, 1.0, "private key in base58check"
    return Kind.CRYPTO, 1.0, "base58check"


def _is_keyed(token: str) -> bool:
    return (
        any(c.isdigit() for c in token)
        and any(c.isupper() for c in token)
        and any(c.islower() for c in token)
    )


def _is_solana(token: str, start: int, lower: str) -> bool:
    return len(checksums.base58(token)) == _SOLANA_BYTES and before(_WALLET_WORDS, lower, start)


def _is_polkadot(token: str) -> bool:
    """SS58: a prefix of one or two bytes, a key, two bytes of a BLAKE2b-512 of both."""
    data = checksums.base58(token)
    return len(data) in _POLKADOT_BYTES and hashlib.blake2b(b"SS58PRE" + data[:-2]).digest()[:2] == data[-2:]


def _is_stellar(token: str) -> bool:
    data = b32decode(token)
    return crc_hqx(data[:-2], 0) == int.from_bytes(data[-2:], "little")


def _is_algorand(token: str) -> bool:
    data = b32decode(token + "======")
    if "sha512_256" not in hashlib.algorithms_available:
        return False
    return hashlib.new("sha512_256", data[:32]).digest()[-4:] == data[32:]


def _find_ton(text: str) -> Iterator[Hit]:
    for match in _TON.finditer(text):
        data = urlsafe_b64decode(match[0])
        if crc_hqx(data[:-2], 0) == int.from_bytes(data[-2:], "big"):
            yield Hit(*match.span(), Kind.CRYPTO, 1.0, "TON")
