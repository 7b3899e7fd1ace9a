"""Rewards that somebody else delivers: catalogues of suppliers, orders placed there, codes that come back.

What a supplier must be able to do stands in protocol.py; each one lives in a folder of its own beside it. See
docs/suppliers.md.
"""
