"""Doubles of vendors: each refuses what its vendor would refuse, and answers as it would.

They are written against the vendors' documents and share no code with the providers.
"""
