"""``reenact why``."""
