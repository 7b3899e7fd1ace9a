"""Links that set a password. All brands sign with one key, so what is signed names the brand."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.tokens import PasswordResetTokenGenerator

from core.tenancy import current_schema


class BrandTokenGenerator(PasswordResetTokenGenerator):
    """Django's one-time tokens (they die with the password they replace), bound to the brand's schema as well."""

    def _make_hash_value(self, user: Any, timestamp: int) -> str:
        return f"{current_schema()}/{super()._make_hash_value(user, timestamp)}"
