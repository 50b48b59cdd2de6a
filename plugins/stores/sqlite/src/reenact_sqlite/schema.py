"""The tables, and how a database of any age comes to have them.

An entry's key is its run's number and its position in one integer, so that a run's
rows stand together and the table needs no index beside itself. Migrations are
steps from one version to the next, each in one transaction with the version
number, so that a crash leaves the version before or the one after.
"""

import sqlite3
from collections.abc import Callable

from reenact.errors import DamagedError, NewerSchemaError

APPLICATION_ID = 0x5265656E
"""``Reen``: says in the file's header whose it is."""

SEQ_BITS = 32

_V1 = """
CREATE TABLE runs (
    no          INTEGER PRIMARY KEY,
    id          TEXT NOT NULL UNIQUE,
    trace_id    TEXT NOT NULL,
    workflow    TEXT NOT NULL,
    version     TEXT NOT NULL,
    target      TEXT NOT NULL,
    key         TEXT NOT NULL,
    parent      TEXT NOT NULL,
    input_hash  TEXT NOT NULL,
    created_ns  INTEGER NOT NULL,
    updated_ns  INTEGER NOT NULL,
    status      TEXT NOT NULL,
    owner       TEXT NOT NULL,
    epoch       INTEGER NOT NULL,
    steps       INTEGER NOT NULL,
    tokens_in   INTEGER NOT NULL,
    tokens_out  INTEGER NOT NULL,
    cost_usd    TEXT NOT NULL,
    waits_for   TEXT NOT NULL
);
CREATE INDEX runs_by_age ON runs (created_ns);
CREATE INDEX runs_by_parent ON runs (parent) WHERE parent <> '';
CREATE INDEX runs_by_owner ON runs (owner) WHERE owner <> '';

CREATE TABLE owners (
    owner    TEXT PRIMARY KEY,
    until_ns INTEGER NOT NULL,
    boot     TEXT NOT NULL,
    ends_ns  INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE entries (
    id       INTEGER PRIMARY KEY,
    body     BLOB NOT NULL,
    checksum BLOB NOT NULL
);

CREATE TABLE blobs (
    no   INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    form INTEGER NOT NULL,
    data BLOB NOT NULL
);

CREATE TABLE messages (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id TEXT NOT NULL,
    kind   TEXT NOT NULL,
    name   TEXT NOT NULL,
    body   BLOB NOT NULL,
    at_ns  INTEGER NOT NULL
);
CREATE INDEX messages_by_run ON messages (run_id);

CREATE TABLE ledger (
    account TEXT NOT NULL,
    id      TEXT NOT NULL,
    amount  INTEGER NOT NULL,
    at_ns   INTEGER NOT NULL,
    PRIMARY KEY (account, id)
) WITHOUT ROWID;
CREATE INDEX ledger_by_age ON ledger (account, at_ns, amount);

CREATE VIEW steps AS
WITH spelled AS (
    SELECT id >> 32 AS run_no, id & 4294967295 AS seq, CAST(body AS TEXT) AS entry FROM entries
),
begun AS (
    SELECT run_no, entry ->> '$.path' AS path, max(seq) AS seq, entry FROM spelled
    WHERE entry ->> '$.kind' IS NOT NULL AND entry ->> '$.path' <> '' GROUP BY run_no, 2
),
latest AS (
    SELECT run_no, entry ->> '$.path' AS path, max(seq) AS seq, entry FROM spelled
    WHERE entry ->> '$.path' <> '' GROUP BY run_no, 2
)
SELECT
    runs.id || ':' || begun.path AS id,
    runs.trace_id AS trace_id,
    begun.entry ->> '$.kind' AS step_type,
    begun.entry ->> '$.input_hash' AS input_hash,
    latest.entry ->> '$.output' AS output,
    latest.entry ->> '$.status' AS status,
    strftime('%Y-%m-%dT%H:%M:%fZ', (begun.entry ->> '$.at_ns') / 1e9, 'unixepoch') AS created_at,
    runs.id AS run_id,
    begun.path AS path,
    begun.seq AS seq
FROM begun
JOIN latest ON latest.run_no = begun.run_no AND latest.path = begun.path
JOIN runs ON runs.no = begun.run_no
ORDER BY runs.no, begun.seq;
"""

_V2 = """
ALTER TABLE runs ADD COLUMN origin TEXT NOT NULL DEFAULT '';
CREATE INDEX runs_by_origin ON runs (origin) WHERE origin <> '';

CREATE TABLE reusable (
    hash   BLOB PRIMARY KEY,
    run_no INTEGER NOT NULL,
    seq    INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX reusable_by_run ON reusable (run_no);
"""

_V3 = """
CREATE TABLE removed (
    no INTEGER PRIMARY KEY
);
CREATE INDEX blobs_stamped ON blobs (no) WHERE form > 255;
"""

_V4 = """
ALTER TABLE ledger ADD COLUMN until_ns INTEGER NOT NULL DEFAULT 9223372036854775807;
ALTER TABLE ledger ADD COLUMN asked_ns INTEGER NOT NULL DEFAULT 0;
ALTER TABLE ledger ADD COLUMN queued INTEGER NOT NULL DEFAULT 0;
DROP INDEX ledger_by_age;
CREATE INDEX ledger_by_end ON ledger (account, until_ns, at_ns, amount);

CREATE TABLE boots (
    boot     TEXT PRIMARY KEY,
    began_ns INTEGER NOT NULL
) WITHOUT ROWID;
"""

MIGRATIONS: tuple[str, ...] = (_V1, _V2, _V3, _V4)
"""What leads from version *i* to version *i* + 1."""

VERSION = len(MIGRATIONS)


def recognise(connection: sqlite3.Connection, where: str) -> bool:
    """Say whether a database is of the current version; change nothing.

    Args:
        connection: The database, in autocommit mode.
        where: What to call it in an error.

    Raises:
        NewerSchemaError: If a newer version of the program wrote it.
        DamagedError: If it is some other program's database.
    """
    connection.execute("BEGIN")  # another process may be making it: one state is looked at
    try:
        version, owner, tables = (
            connection.execute(question).fetchone()[0]
            for question in (
                "PRAGMA user_version",
                "PRAGMA application_id",
                "SELECT count(*) FROM sqlite_schema",
            )
        )
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    if owner != APPLICATION_ID and tables:
        raise DamagedError(where, "it is a SQLite database, but not a Reenact journal; nothing was changed")
    if version > VERSION:
        raise NewerSchemaError(
            where,
            f"it has schema {version}, and this program knows up to {VERSION}; upgrade reenact-sqlite",
        )
    return bool(version == VERSION and owner == APPLICATION_ID)


def prepare(connection: sqlite3.Connection, where: str, step: Callable[[], None] = lambda: None) -> None:
    """Bring an open database to the current version.

    Args:
        connection: The database, in autocommit mode.
        where: What to call it in an error.
        step: Called after every statement; tests crash there.

    Raises:
        NewerSchemaError: If a newer version of the program wrote it.
        DamagedError: If it is some other program's database.
    """
    if recognise(connection, where):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        # another process may have been faster
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        for number in range(version, VERSION):
            for statement in _statements(MIGRATIONS[number]):
                connection.execute(statement)
                step()
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        step()
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _statements(script: str) -> list[str]:
    return [statement.strip() for statement in script.split(";\n") if statement.strip()]
