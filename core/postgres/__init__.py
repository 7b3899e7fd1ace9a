"""Django's PostgreSQL engine as the product uses it (see base.py)."""
