# ruff: noqa: RUF001  # characters that look like others are the point here
"""What counts as a value: for each kind valid ones, wrong check digits, near misses."""

import ipaddress
import random
import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reenact_pii import Kind, find


def drawn(count: int, alphabet: str = string.ascii_letters + string.digits) -> str:
    """Return characters that look random and are the same in every run; keys are made here, none are kept."""
    source = random.Random(7)  # nothing secret depends on it
    return "".join(source.choice(alphabet) for _ in range(count))


def found(text: str, kind: Kind) -> list[str]:
    """Return what is found of *kind* in *text*."""
    return [text[item.start : item.end] for item in find(text) if item.kind == kind]


HEX = "0123456789abcdef"

VALID = {
    Kind.EMAIL: [
        "jo@example.com",
        "o'neil.x+tag@mail.example.co.uk",
        "a_b@xn--bcher-kva.example",
        "用户@例子.公司",
        "иван@пример.рф",
    ],
    Kind.PHONE: [
        "+1 415-555-2671",
        "(212) 555-0187",
        "212.555.0187",
        "+44 7911 123456",
        "020 7946 0958",
        "06 12 34 56 78",
        "0171-2345678",
        "+49 (0)30 901820",
        "0044 20 7946 0958",
        "011 44 20 7946 0958",
        "090-1234-5678",
        "98765 43210",
        "+86 138 1234 5678",
        "8 (916) 123-45-67",
        "(11) 98765-4321",
        "+4915112345678",
        "1-800-555-0199",
    ],
    Kind.CREDIT_CARD: [
        "4111111111111111",
        "4111 1111 1111 1111",
        "5555-5555-5555-4444",
        "378282246310005",
        "3782 822463 10005",
        "6011111111111117",
        "30569309025904",
        "3530111333300000",
        "2223003122003222",
        "4111.1111.1111.1111",
        "6759649826438453",
    ],
    Kind.IBAN: [
        "DE89370400440532013000",
        "DE89 3704 0044 0532 0130 00",
        "GB82WEST12345698765432",
        "gb82 west 1234 5698 7654 32",
        "FR1420041010050500013M02606",
        "NO9386011117947",
        "MT84MALT011000012345MTLCAST001S",
        "SC18SSCB11010000000000001497USD",
    ],
    Kind.US_SSN: ["536-90-4399", "536 90 4399", "899-12-3456", "001-01-0001"],
    Kind.IP: [
        "8.8.4.4",
        "192.168.1.17",
        "2001:db8::ff00:42:8329",
        "fe80::1ff:fe23:4567:890a",
        "::ffff:203.0.113.9",
    ],
    Kind.MAC: ["00:1b:44:11:3a:b7", "00-1B-44-11-3A-B7", "001b.4411.3ab7"],
    Kind.CRYPTO: [
        "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2",
        "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
        "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
        "0x52908400098527886E0F7030069857D2E4169EE7",
        "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh",
        "DH5yaieqoZN36fDVciNyRueRGvGLR3mr7L",
        "TJRyWwFs9wTFGZg3JbrVriFbNfCug5tDeC",
        "15oF4uVJwmo4TdGW7VfQxNLavjCXviqxT9S1MgbjMNHr6Sp5",
        "bitcoincash:qr95sy3j9xwd2ap32xkykttr4cvcu7as4y0qverfuy",
        "EQDtFpEwcFAEcRe5mLVh2N6C0x-_hJEM7W61_JLnSF74p4q2",
    ],
    Kind.NATIONAL_ID: [
        "111.444.777-35",
        "756.9217.0769.85",
        "85.07.30-033.28",
        "12.345.678-5",
        "112-233-445 95",
        "2341 2341 2346",
        "12345678Z",
        "X1234567L",
        "RSSMRA85T10A562S",
        "131052-308T",
        "S1234567D",
        "G123456(A)",
        "A123456789",
        "11010519491231002X",
        "2 55 08 14 168 025 38",
        "AB123456C",
        "AB 12 34 56 C",
        "811218-9876",
        "900101-1234567",
        "1234567T",
        "BOXW310820HNERXN09",
    ],
}

INVALID = {
    Kind.EMAIL: ["foo@bar", "@home", "react@18.2.0", "logo@2x.png", "git@github.com:a/b.git"],
    Kind.PHONE: [
        "2024-05-17 10:30",
        "555-1234-99",
        "1,234,567,890",
        "331 449 281",
        "offset 3365295698",
        "104 203 4567",
        "12345678901",
    ],
    Kind.CREDIT_CARD: [
        "4111111111111112",
        "4111 1111 1111 1112",
        "0000000000000000",
        "1234567890123456",
        "400638133393 1",
        "57 68 61 74 20 69 73 20 77 68 61",
    ],
    Kind.IBAN: ["DE89370400440532013001", "DE8937040044053201300", "ZZ89370400440532013000"],
    Kind.US_SSN: ["000-12-3456", "666-12-3456", "123-00-4567", "123-45-0000", "123456789", "1123-45-6789"],
    Kind.IP: [
        "256.1.1.1",
        "1.2.3",
        "1.2.3.4.5",
        "v1.2.3.4",
        "version 10.2.0.1",
        "127.0.0.1",
        "0.0.0.0",  # noqa: S104  # a text
        "255.255.255.0",
        "10.0.0.0/8",
        "::1",
        "dead::beef",
        "Chrome/120.0.6099.109",
        "torch==2.1.0.1",
    ],
    Kind.MAC: ["00:1b:44:11:3a", "ff:ff:ff:ff:ff:ff", "00:1b:44:11:3a:b7:99:aa:bb:cc", "12:34:56:78"],
    Kind.CRYPTO: [
        "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3",
        "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdx",
        "0x5290840009852788",
    ],
    Kind.NATIONAL_ID: [
        "111.444.777-36",
        "756.9217.0769.84",
        "12345678A",
        "RSSMRA85T10A562T",
        "131052-308U",
        "S1234567E",
        "2341 2341 2347",
    ],
}

CARRIERS = ("{}", "the value {} was given", '{{"field": "{}"}}', "a;{};b", "({})", "客户 {}。")

NAMED = [
    ("card number 630495060000000000", Kind.CREDIT_CARD, "630495060000000000"),
    ("tel: 6685702", Kind.PHONE, "6685702"),
    ("Telefon 030/901820-17", Kind.PHONE, "030/901820-17"),
    ("手机号：13812345678", Kind.PHONE, "13812345678"),
    ("SSN 536904399", Kind.US_SSN, "536904399"),
    ("PESEL 44051401359", Kind.NATIONAL_ID, "44051401359"),
    ("NHS number 943 476 5919", Kind.NATIONAL_ID, "943 476 5919"),
    ("TC kimlik 10000000146", Kind.NATIONAL_ID, "10000000146"),
    ("passport number AB1234567", Kind.NATIONAL_ID, "AB1234567"),
    ("date of birth: 12/03/1985", Kind.DATE_OF_BIRTH, "12/03/1985"),
    ("geboren am 3. März 1985", Kind.DATE_OF_BIRTH, "3. März 1985"),
    ("出生日期：1985年3月12日", Kind.DATE_OF_BIRTH, "1985年3月12日"),
    ("mac address 001b44113ab7", Kind.MAC, "001b44113ab7"),
]

KEYS = [
    "sk-proj-" + drawn(60),
    "sk-ant-api03-" + drawn(90),
    "AKIA" + drawn(16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
    "ghp_" + drawn(36),
    "glpat-" + drawn(20),
    "xoxb-" + drawn(12, "0123456789") + "-" + drawn(24),
    "AIza" + drawn(35),
    "SG." + drawn(22) + "." + drawn(43),
    "hf_" + drawn(34),
    "npm_" + drawn(36),
    "sk_live_" + drawn(24),
    "dop_v1_" + drawn(64, HEX),
    "hvs." + drawn(40),
    "shpat_" + drawn(32, HEX),
    "eyJ" + drawn(30) + "." + drawn(40) + "." + drawn(43),
    drawn(10, "123456789") + ":AA" + drawn(33),
    "lin_api_" + drawn(40),
    "-----BEGIN EC PRIVATE KEY-----\n" + drawn(64) + "\n" + drawn(20) + "\n-----END EC PRIVATE KEY-----",
]

BESIDE = [
    ("password: {}", "Tr0ub4dor&3"),
    ("PGPASSWORD='{}'", "x9!kLm2"),
    ('{{"client_secret": "{}"}}', drawn(32)),
    ("api_key={}", drawn(32, HEX)),
    ("Authorization: Bearer {}", drawn(40)),
    ("postgres://app:{}@db:5432/x", drawn(14)),
    ("curl -u admin:{} https://h", drawn(10)),
    ("mein Passwort lautet {}", "Sommer2024!"),
    ("contraseña: {}", "Verano2024$"),
    ("пароль: {}", "Leto2024x"),
    ("密码：{}", drawn(9)),
    ("<password>{}</password>", drawn(10)),
    ("the token is {}", drawn(40)),
    ("ENCRYPTION_KEY={}", drawn(44)),
    ("Pwd={};", drawn(9) + "1"),
    ("--password {}", drawn(9) + "1"),
]

NO_SECRETS = [
    "password: ********",
    'password = os.environ["DB_PASSWORD"]',
    'api_key = "YOUR_API_KEY"',
    "max_tokens=4096, token_count: 5321",
    "The password is required and must be long.",
    "secret: ${{ secrets.GITHUB_TOKEN }}",
    "Authorization: Bearer <token>",
    'cache_key = "user:profile:123456789:v2"',
    "passed: 12345 tests",
    "commit 3f786850e387550fdab836ed7e6dc881de23001b",
    "job 91a9ad91-bd60-4426-a74a-9fae3781258f done",
    "sha256:" + drawn(64, HEX),
    "call_" + drawn(24),
    "msg_" + drawn(24),
    "postgres://user:password@localhost/x",
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC7 user",
    "password=get_password()",
]


@pytest.mark.parametrize(
    ("kind", "value"), [(kind, value) for kind, values in VALID.items() for value in values]
)
def test_a_valid_value_is_found_whole_wherever_it_stands(kind: Kind, value: str) -> None:
    """A valid value is found, exactly, whatever stands around it."""
    for carrier in CARRIERS:
        assert found(carrier.format(value), kind) == [value], carrier


@pytest.mark.parametrize(
    ("kind", "text"), [(kind, text) for kind, texts in INVALID.items() for text in texts]
)
def test_what_only_looks_like_a_value_is_none(kind: Kind, text: str) -> None:
    """Wrong check digits, numbers nobody is given and near misses are not values."""
    assert found(text, kind) == []


@pytest.mark.parametrize(("text", "kind", "value"), NAMED)
def test_a_word_before_makes_a_bare_value_one(text: str, kind: Kind, value: str) -> None:
    """A value without a form of its own is found beside a word for it, and not alone."""
    assert found(text, kind) == [value]


@pytest.mark.parametrize("key", KEYS)
def test_a_key_of_a_known_vendor_is_found_without_a_word(key: str) -> None:
    """A key that says whose it is needs nothing beside it."""
    for carrier in CARRIERS:
        assert found(carrier.format(key), Kind.SECRET) == [key], carrier


@pytest.mark.parametrize(("carrier", "value"), BESIDE)
def test_a_value_beside_its_name_is_a_secret(carrier: str, value: str) -> None:
    """What stands beside a name for a secret is one, without the name and the quotes."""
    assert found(carrier.format(value), Kind.SECRET) == [value]


@pytest.mark.parametrize("text", NO_SECRETS)
def test_place_holders_references_and_hashes_are_no_secrets(text: str) -> None:
    """What stands for a secret that is elsewhere, or is an id, is none."""
    assert found(text, Kind.SECRET) == []


@pytest.mark.parametrize("word", ["unauthorized", "emotion", "author", "promote", "passage", "monkeys"])
def test_a_word_within_another_names_no_secret(word: str) -> None:
    """That letters of a word are those of a name for a secret says nothing of what stands beside it."""
    assert found(f"{word}: a1B2c3d4e5f6g7h8", Kind.SECRET) == []


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Basic {}",
        "authorization: token {}",
        "mot de passe : {}",
        "bypass_key: {}",
        "auth_token={}",
        "unauthorized, but the password is {}",
    ],
)
def test_a_name_for_a_secret_is_one_in_any_company(text: str) -> None:
    """Names of headers, several words, and names with parts name a secret."""
    assert found(text.format("dXNlcjpwYXNzd29yZDEyMw"), Kind.SECRET) == ["dXNlcjpwYXNzd29yZDEyMw"]


def test_only_the_kinds_asked_for_are_found() -> None:
    """Other kinds are not looked for."""
    text = "jo@example.com 4111111111111111"

    findings = find(text, {Kind.EMAIL})

    assert [item.kind for item in findings] == [Kind.EMAIL]


def test_the_name_of_a_field_counts_as_a_word_before() -> None:
    """What stands before the text helps, and nothing is found in it."""
    findings = find("6685702", before="jo@example.com phone: ")

    assert [(item.start, item.end, item.kind) for item in findings] == [(0, 7, Kind.PHONE)]


def test_a_word_before_a_number_makes_it_surer() -> None:
    """A telephone number in a customary form scores as much behind a word for it as a bare one does."""
    (alone,), (named,) = find("it is 746.414.8699 now"), find("call me at 746.414.8699 now")

    assert named.score > alone.score
    assert named.score == find("phone: 7464148699")[0].score


def test_a_card_number_is_found_before_other_numbers() -> None:
    """A check code or a date after the number is not taken for a part of it."""
    for after in ("123", "12/27", "12 27", "4 1 1"):
        assert found(f"4111 1111 1111 1111 {after}", Kind.CREDIT_CARD) == ["4111 1111 1111 1111"]


def test_values_side_by_side_are_all_found() -> None:
    """Values that touch only by a sign are told apart."""
    text = "row|07493 811110|fe80::f3d9:90a9:8f44:4976|4111111111111111|jo@example.com|536-90-4399|eof"

    kinds = [item.kind for item in find(text)]

    assert kinds == [Kind.PHONE, Kind.IP, Kind.CREDIT_CARD, Kind.EMAIL, Kind.US_SSN]


def test_a_number_of_somebody_over_a_hundred_is_read() -> None:
    """The plus sign that stands in a Swedish number for a hundred years is no digit of it."""
    assert found("1 811228+9874 123 4567", Kind.NATIONAL_ID) == ["811228+9874"]


@given(
    st.lists(st.sampled_from(["", "0", "1", "a", "ff", "12ab", "00001"]), min_size=2, max_size=10).map(
        ":".join
    )
)
def test_an_address_is_one_if_the_standard_library_reads_it(address: str) -> None:
    """An IPv6 address that can be somebody's is found, and what cannot be read as one is not."""
    try:
        parsed = ipaddress.IPv6Address(address)
    except ValueError:
        assert address not in found(f"from {address} on", Kind.IP)
        return
    told = re.search("[0-9]", address) or sum(map(bool, address.split(":"))) > 2
    expected = [] if parsed in {ipaddress.IPv6Address("::"), ipaddress.IPv6Address("::1")} else [address]
    assert found(f"from {address} on", Kind.IP) == (expected if told else [])


NOTHING = [
    "he was born in Paris and died 12.03.1999",
    "zip 07692-0908",
    "Order #00324981-5680",
    "invoice 0570-239131",
    "arXiv:0782.62699",
    "server 021.234.76.53",
    "key = primary_key_of_the_table_1",
    "key: 0f3a9c",
    "2**32 and 10**9",
    "IOlS10 SOlB0 is a part",
]


@pytest.mark.parametrize("text", NOTHING)
def test_dates_codes_and_orders_are_no_values(text: str) -> None:
    """Dates of death, codes, orders and powers of two are nobody's."""
    assert find(text, frozenset(Kind) - {Kind.PHONE} if "server" in text else frozenset(Kind)) == []


def test_a_vague_name_is_enough_for_what_is_random() -> None:
    """Beside the word key alone, only what can be nothing but a secret is one."""
    value = "".join("aB3dE6gH9"[(at * 5 + at // 7) % 9] for at in range(20)) + "xQ7Lm2Vt8Rz4Kp"

    assert found(f"key = {value}", Kind.SECRET) == [value]


@given(st.lists(st.sampled_from([value for values in VALID.values() for value in values]), max_size=5))
def test_ordinary_words_around_make_no_difference(values: list[str]) -> None:
    """What is found of values is found of them among words that were met before, at the same distance."""
    lines = "".join(f"{value}\n" for value in values)
    words = "The quick brown fox jumps over the lazy dog; it is not amused.\n"

    among = find(words + lines + words)

    assert [(item.start - len(words), item.end - len(words), item.kind) for item in among] == [
        (item.start, item.end, item.kind) for item in find(lines)
    ]
