"""The commands ``diff``, ``why`` and ``check``: each a plugin of its own, found by its name."""
