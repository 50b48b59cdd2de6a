"""What every store must do. Inherit, say how to open yours, and run pytest.

.. code-block:: python

    class TestMyStore(StoreConformance):
        def open(self, tmp_path):
            return open_my_store(MyOptions(path=tmp_path / "my.db"))
"""

from pytest_reenact.conformance.store.journals import Journals
from pytest_reenact.conformance.store.leases import Leases
from pytest_reenact.conformance.store.ledger import Ledger
from pytest_reenact.conformance.store.lists import Lists
from pytest_reenact.conformance.store.removal import Removal


class StoreConformance(Journals, Leases, Lists, Ledger, Removal):
    """The whole suite; `open` says how to open an empty store."""


__all__ = ["StoreConformance"]
