"""Carts, shipping and receipts."""
