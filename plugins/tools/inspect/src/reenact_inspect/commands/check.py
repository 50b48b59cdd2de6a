"""``reenact check``."""
