"""Measure the detector on made-up texts: values in many formats, disguised values, and what only looks like one.

    python evaluate/formats.py [--errors] [--seed N]

Values are random and valid; the sentences around them, and the disguises, are listed here and
were written to find weak places, not to be found. A value counts as found if a finding of its
kind covers four fifths of it.
"""

# ruff: noqa: E501, PLR2004, RUF001, SIM905 - tables; chance is no secret here

import argparse
import base64
import random
import string
import uuid
from collections.abc import Callable, Iterator

import phonenumbers
from reenact_pii import checksums
from reenact_pii.banking import IBAN_CHARS
from reenact_pii.finding import find

TIMES = 150
DISGUISED_TIMES = 8
COVERED = 0.8
ALNUM = string.ascii_letters + string.digits

CONTEXTS = {
    "EMAIL": "Contact {v} for details.|<{v}>|mailto:{v}?subject=hi|Von: {v}\nAn: alle|user={v}&x=1|email:{v}|({v})|“{v}”"
    '|{"mail": "{v}"}|连系{v}谢谢|Пишите на {v}, спасибо|{v}|cc: Jo <{v}>; bcc|Sent by {v}\'s phone',
    "PHONE": "Call {v} now|Tel.: {v}|phone={v}|WhatsApp: {v}|Meine Nummer ist {v}.|reach me at {v} after 5"
    '|{"phone": "{v}"}|(mob) {v}|Téléphone : {v}|手机：{v}|Telefon {v}, Fax folgt|my cell is {v}, thx',
    "CREDIT_CARD": 'card {v} exp 12/27|{v}|pay with {v}, cvv 123|Karte: {v}.|"pan":"{v}"|visa {v}|卡号{v}|n° {v}',
    "IBAN": 'IBAN: {v}|Konto {v} bitte|{v}|"iban": "{v}"|überweisen auf {v}.|({v})',
    "US_SSN": "SSN: {v}|my social security number is {v}|ssn={v}|{v} is her SSN|Social: {v}",
    "IP": "from {v} port 22|client={v}|[{v}] GET /|{v} - - [10/Oct/2000]|blocked {v}, retry|server at {v}.",
    "MAC": "MAC {v}|ether {v} txqueuelen|bssid={v}|{v}|device {v} joined",
    "CRYPTO": "send to {v}|wallet {v}|{v}|address: {v}.",
    "DATE_OF_BIRTH": "born {v}|DOB: {v}|geboren am {v}|date of birth {v}|née le {v}|date_of_birth={v}|Geburtsdatum: {v}",
    "SECRET": 'export API_KEY={v}|Authorization: Bearer {v}|token: {v}|"secret": "{v}"|key = {v}',
}

TRAPS = (
    "order {d10} shipped|Order #{d8}-{d4}|commit {h40}|git sha {h7} on main|id: {uuid}|v{d1}.{d2}.{d3}.{d1}"
    "|version {d1}.{d2}.{d3}.{d1}|md5 {h32}|sha256:{h64}|ts=17{d8}|time 17{d11} ms|2024-05-1{d1}T11:22:33Z"
    "|ISBN 978-{d1}-{d4}-{d4}-{d1}|EAN {d13}|price {d3},{d3},{d3} USD|pi=3.{d15}|invoice {d4}-{d6}|tracking 1Z{u16}"
    "|row {d6} of {d7}|pid {d5} port {d5}|DOI 10.{d4}/{d8}.{d5}|part no. ABC-{d6}-{d3}|score {d2}:{d2}, {d2}:{d2}"
    "|lat {d2}.{d6}, lon {d2}.{d6}|chapter 1.2.3.4 and 5.6.7.8|build-{d4}.{d2}.{d2}.{d3}|flight LH{d4} seat 12A"
    "|arXiv:{d4}.{d5}|color #{h6} bg #{h6}|range {d4}-{d4}, {d4}-{d4}|ticket ABC-{d5}|trace_id={h32} span_id={h16}"
    "|session lasted {d5} s, {d8} bytes, {d9} packets|zip {d5}-{d4}|@decorator def f(): return x@y|std::vector::size()"
    "|12:30:45 and 10:20:30:40|the password is required|your token expires soon|password: ********|api_key: YOUR_API_KEY"
    "|key: primary|he was born in Paris and died 12.03.1999|published 12 March 1999|call me maybe, 10 of 12 times"
    "|phone case {d4} mm|the secret of good bread|token count: {d4}|user@ and @user|cache key = {h32}"
).split("|")


class Maker:
    """Makes random values that are valid.

    Args:
        seed: Of the chance.
    """

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)

    def some(self, count: int, alphabet: str = string.digits) -> str:
        return "".join(self.rng.choice(alphabet) for _ in range(count))

    def make(self, kind: str) -> str:
        makers: dict[str, Callable[[], str]] = {
            "EMAIL": self.email, "PHONE": self.phone, "CREDIT_CARD": self.card, "IBAN": self.iban, "US_SSN": self.ssn,
            "IP": self.ip, "MAC": self.mac, "CRYPTO": self.crypto, "DATE_OF_BIRTH": self.date, "SECRET": self.secret,
        }  # fmt: skip
        return makers[kind]()

    def email(self) -> str:
        names = "jo.smith a.b-c anna+news o_reilly x1 marie99 JOHN t.w.o müller k.lee-park".split()
        hosts = "example.com mail.example.co.uk sub.domain.org firma.de uni-x.ac.jp a.io société.fr post.xyz".split()
        return f"{self.rng.choice(names)}@{self.rng.choice(hosts)}"

    def phone(self) -> str:
        country = self.rng.choice(sorted(phonenumbers.SUPPORTED_REGIONS & _COUNTRIES))
        number = phonenumbers.example_number_for_type(country, self.rng.choice((0, 1)))
        number = number or phonenumbers.example_number(country)
        spelled: str = phonenumbers.format_number(number, self.rng.choice((0, 1, 1, 2)))
        return spelled.replace(" ", self.rng.choice((" ", " ", " ", ".", "-")))

    def card(self) -> str:
        start, size = self.rng.choice(
            (("4", 16), ("55", 16), ("37", 15), ("6011", 16), ("3528", 16), ("2221", 16))
        )
        body = start + self.some(size - len(start) - 1)
        number = next(body + digit for digit in string.digits if checksums.luhn(body + digit))
        gap = self.rng.choice(("", " ", "-")) if size == 16 else ""
        return gap.join(number[at : at + 4] for at in range(0, size, 4))

    def iban(self, country: str = "") -> str:
        country = country or self.rng.choice(("DE", "FR", "GB", "NL", "ES", "IT", "PL", "CH"))
        body = ("ABCD" if country in ("GB", "NL") else self.some(4)) + self.some(IBAN_CHARS[country] - 8)
        digits = "".join(str(int(char, 36)) for char in f"{body}{country}00")
        number = f"{country}{98 - int(digits) % 97:02d}{body}"
        return self.rng.choice((number, " ".join(number[at : at + 4] for at in range(0, len(number), 4))))

    def ssn(self) -> str:
        area = self.rng.choice([area for area in range(1, 899) if area != 666])
        gap = self.rng.choice("-. ")
        return f"{area:03d}{gap}{self.rng.randint(1, 99):02d}{gap}{self.rng.randint(1, 9999):04d}"

    def ip(self) -> str:
        if self.rng.random() < 0.3:
            return f"2001:db8:{self.some(4, '123456789abcdef')}::{self.some(3, '123456789abcdef')}"
        return ".".join(str(self.rng.randint(1, 254)) for _ in range(4))

    def mac(self) -> str:
        pairs = [self.some(2, "0123456789abcdef") for _ in range(6)]
        return self.rng.choice((":".join(pairs), "-".join(pairs).upper()))

    def crypto(self) -> str:
        return "0x" + self.some(40, "0123456789abcdef")

    def date(self) -> str:
        day, month, year = self.rng.randint(1, 28), self.rng.randint(1, 12), self.rng.randint(1930, 2012)
        return self.rng.choice(
            (f"{day:02d}.{month:02d}.{year}", f"{year}-{month:02d}-{day:02d}", f"{day} March {year}")
        )

    def secret(self) -> str:
        start, size, alphabet = self.rng.choice(_KEYS)
        return start + self.some(size, alphabet)


_COUNTRIES = frozenset(
    "US GB DE FR ES IT NL PL SE NO DK FI CH AT BE PT IE RU UA TR IN CN JP KR BR MX AR AU NZ ZA EG SA IL SG HK TH".split()
)
_HEX = "0123456789abcdef"
_KEYS = (
    ("sk-", 48, ALNUM), ("sk-proj-", 80, ALNUM), ("sk-ant-api03-", 95, ALNUM), ("AKIA", 16, string.ascii_uppercase),
    ("ghp_", 36, ALNUM), ("glpat-", 20, ALNUM), ("AIza", 35, ALNUM), ("npm_", 36, ALNUM), ("hf_", 34, ALNUM),
    ("dop_v1_", 64, _HEX), ("shpat_", 32, _HEX), ("dapi", 32, _HEX), ("gsk_", 52, ALNUM), ("pplx-", 48, ALNUM),
    ("xai-", 80, ALNUM), ("r8_", 37, ALNUM), ("hvs.", 90, ALNUM), ("NRAK-", 27, string.ascii_uppercase + "0123456789"),
    ("sbp_", 40, _HEX), ("figd_", 40, ALNUM), ("", 40, ALNUM), ("", 32, ALNUM),
)  # fmt: skip


def _each(change: Callable[[str], str]) -> Callable[[str], str]:
    return lambda value: "".join(map(change, value))


def _digits_from(first: int) -> Callable[[str], str]:
    return _each(lambda char: chr(first + int(char)) if char in string.digits else char)


ALL = ("EMAIL", "CREDIT_CARD", "IBAN", "US_SSN", "PHONE")
NUMBERS = ("CREDIT_CARD", "IBAN", "US_SSN")
DISGUISES: dict[str, tuple[Callable[[str], str], tuple[str, ...]]] = {
    "zero width": ("\u200b".join, ALL),
    "soft hyphen": ("\u00ad".join, ALL),
    "full width": (_each(lambda char: chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char), ALL),
    "cyrillic": (_each(lambda char: {"a": "а", "e": "е", "o": "о", "c": "с"}.get(char, char)), ("EMAIL",)),
    "arabic digits": (_digits_from(0x660), NUMBERS),
    "devanagari digits": (_digits_from(0x966), NUMBERS),
    "mathematical digits": (_digits_from(0x1D7CE), NUMBERS),
    "O for 0, l for 1": (_each(lambda char: {"0": "O", "1": "l"}.get(char, char)), ("CREDIT_CARD",)),
    "spaced": (lambda value: " ".join(value.replace(" ", "")), ALL),
    "spaced twice": (lambda value: "  ".join(value.replace(" ", "")), ("EMAIL", "CREDIT_CARD", "IBAN")),
    "no-break": (lambda value: value.replace("-", "\u2011").replace(" ", "\u00a0"), ALL),
    "base64": (lambda value: base64.b64encode(value.encode()).decode(), ALL),
    "hex": (lambda value: value.encode().hex(), ALL),
    "entities": (_each(lambda char: f"&#{ord(char)};"), ALL),
    "URL": (lambda value: "".join(f"%{byte:02x}" for byte in value.encode()), ALL),
    "JSON escapes": (_each(lambda char: f"\\u{ord(char):04x}"), ALL),
    "markdown": (lambda value: f"{value[:3]}**{value[3:6]}**{value[6:]}", ("EMAIL", "CREDIT_CARD", "IBAN")),
    "tag characters": (_each(lambda char: chr(0xE0000 + ord(char))), ("EMAIL", "CREDIT_CARD", "IBAN")),
    "[at] [dot]": (lambda value: value.replace("@", " [at] ").replace(".", " [dot] "), ("EMAIL",)),
    "AT DOT": (lambda value: value.replace("@", " AT ").replace(".", " DOT "), ("EMAIL",)),
    "ät punkt": (lambda value: value.replace("@", " ät ").replace(".", " Punkt "), ("EMAIL",)),
    "[.]": (lambda value: value.replace(".", "[.]"), ("EMAIL", "IP")),
}


def is_found(kind: str, value: str, text: str) -> bool:
    """Say whether *value* is found in *text*."""
    start = text.index(value)
    end = start + len(value)
    covered = [min(item.end, end) - max(item.start, start) for item in find(text) if item.kind == kind]
    return sum(size for size in covered if size > 0) >= COVERED * len(value)


def plain(maker: Maker) -> Iterator[tuple[str, str, str, str]]:
    """Yield label, kind, value and text of undisguised values."""
    for kind, contexts in CONTEXTS.items():
        for _ in range(TIMES):
            value = maker.make(kind)
            yield kind, kind, value, maker.rng.choice(contexts.split("|")).replace("{v}", value)
    for country in sorted(IBAN_CHARS):
        value = maker.iban(country)
        yield "IBAN of every country", "IBAN", value, f"IBAN: {value}"


def disguised(maker: Maker) -> Iterator[tuple[str, str, str, str]]:
    """Yield the same of disguised values."""
    for name, (disguise, kinds) in DISGUISES.items():
        for kind in kinds:
            for _ in range(DISGUISED_TIMES):
                value = maker.make(kind)
                hidden = disguise(value.encode("ascii", "ignore").decode() if kind == "EMAIL" else value)
                word = {"PHONE": "phone ", "US_SSN": "ssn "}.get(kind, "the value is ")
                yield name, kind, hidden, f"{word}{hidden} ok"


def traps(maker: Maker) -> Iterator[str]:
    """Yield texts without values."""
    alphabets = {"d": string.digits, "h": _HEX, "u": string.ascii_uppercase + string.digits}
    for trap in TRAPS:
        for _ in range(TIMES // 4):
            text = trap.replace("{uuid}", str(uuid.UUID(int=maker.rng.getrandbits(128))))
            while "{" in text:
                before, _, rest = text.partition("{")
                slot, _, after = rest.partition("}")
                text = before + maker.some(int(slot[1:]), alphabets[slot[0]]) + after
            yield text


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description="Measure the detector on made-up texts.")
    parser.add_argument("--errors", action="store_true", help="print what was missed and found wrongly")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    maker = Maker(options.seed)
    for title, values in (("plain", plain(maker)), ("disguised", disguised(maker))):
        counts: dict[str, list[int]] = {}
        for label, kind, value, text in values:
            found = is_found(kind, value, text)
            counts.setdefault(label, []).append(found)
            if options.errors and not found:
                print("MISSED", label, kind, repr(text), find(text))
        for label, hits in counts.items():
            print(f"{title:10} {label:24} {sum(hits):4} of {len(hits)}")
        every = [hit for hits in counts.values() for hit in hits]
        print(f"{title:10} all: recall {sum(every) / len(every):.3f} of {len(every)}")
    alarms = [(text, findings) for text in traps(maker) if (findings := find(text))]
    for text, findings in alarms if options.errors else []:
        print("ALARM", repr(text), findings)
    print(f"traps: an alarm in {len(alarms)} of {len(TRAPS) * (TIMES // 4)}")


if __name__ == "__main__":
    main()
