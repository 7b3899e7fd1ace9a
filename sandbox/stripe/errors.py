"""The errors of Stripe's API, as its clients know them."""

from typing import Any


class StripeError(Exception):
    """An answer that refuses: `status` of HTTP and the body's `error`."""

    def __init__(self, status: int, kind: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.error = {
            "type": kind,
            "message": message,
            **{key: value for key, value in more.items() if value is not None},
        }


def invalid(
    message: str, *, param: str | None = None, code: str | None = None, status: int = 400, **more: Any
) -> StripeError:
    """400: what was asked can't be done as it was asked."""
    return StripeError(status, "invalid_request_error", message, param=param, code=code, **more)


def missing(kind: str, identifier: str, param: str = "id") -> StripeError:
    """404: no such object in this account."""
    return invalid(f"No such {kind}: '{identifier}'", param=param, code="resource_missing", status=404)


def unauthorized(message: str) -> StripeError:
    """401: the key isn't one."""
    return StripeError(401, "invalid_request_error", message)


def declined(reason: str, message: str = "Your card was declined.", **more: Any) -> StripeError:
    """402: the card's bank says no. `reason` is the decline code."""
    code = {"expired_card": "expired_card", "incorrect_cvc": "incorrect_cvc"}.get(reason, "card_declined")
    return StripeError(402, "card_error", message, code=code, decline_code=reason, **more)
