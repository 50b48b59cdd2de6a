"""What the vendor plugins share: HTTP with limits, event streams, errors, keys by reference.

A vendor plugin writes a `Dialect`: a pure description of how requests and answers are
spelled. `open_provider` makes a provider of it.

.. code-block:: python

    VENDOR = Vendor(name="acme", base_url="https://api.acme.example/v1", key_env="ACME_API_KEY")

    @asynccontextmanager
    async def open_acme(options):
        async with open_provider(VENDOR, options, AcmeDialect(), Capabilities()) as provider:
            yield provider
"""

from reenact.tokens import estimate_tokens

from reenact_http.answer import Assembly, calls_in
from reenact_http.keys import Vendor
from reenact_http.lines import Frame
from reenact_http.options import HttpOptions, KeyRef, Limits
from reenact_http.provider import Call, Dialect, HttpProvider, Reader, VendorError, open_provider
from reenact_http.shape import UnreadableError
from reenact_http.spell import UnsendableError

__all__ = [
    "Assembly",
    "Call",
    "Dialect",
    "Frame",
    "HttpOptions",
    "HttpProvider",
    "KeyRef",
    "Limits",
    "Reader",
    "UnreadableError",
    "UnsendableError",
    "Vendor",
    "VendorError",
    "calls_in",
    "estimate_tokens",
    "open_provider",
]
