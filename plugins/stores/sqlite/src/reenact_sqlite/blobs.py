"""How a piece of content stands in the table: packed or not, and what its form says of it."""

import zlib

from reenact.content import Blob

COMPRESS_BYTES = 512
"""Content from this size on is compressed, if that saves a tenth of it."""

JSON, CHAIN, PACKED, LEAF = 0, 1, 2, 8  # bits of blobs.form
"""``LEAF``: it refers to nothing, so that a sweep need not read it."""

FORM_BITS = 8
"""What stands above these bits of ``blobs.form`` is the stamp of a sweep; none is 0."""

SIGN = b'"$'
"""What spells no mark refers to nothing; see `reenact.content`."""


def spelled(blob: Blob) -> tuple[bytes, int, bytes]:
    """Return hash, form and data of a piece of content, as they are stored."""
    form = CHAIN if blob.chain else JSON if SIGN in blob.data else LEAF
    if len(blob.data) >= COMPRESS_BYTES:
        packed = zlib.compress(blob.data, 1)
        if len(packed) < len(blob.data) * 0.9:
            return bytes.fromhex(blob.hash), form | PACKED, packed
    return bytes.fromhex(blob.hash), form, blob.data


def read(name: str, form: int, data: object) -> Blob:
    """Return a piece of content from how it is stored; damaged, it is another one, which its hash tells."""
    found = data if type(data) is bytes else str(data).encode("utf-8", "replace")
    if form & PACKED:
        try:
            found = zlib.decompress(found)
        except zlib.error:
            found = b""
    return Blob(name, found, bool(form & CHAIN))
