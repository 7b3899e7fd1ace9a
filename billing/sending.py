"""How requests to Stripe leave the house: over the one guarded way out, never by a library of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import stripe

from core.egress import AddressRefused, NoAnswer, NotSent, request_send

SECONDS = 20.0


class GuardedClient(stripe.HTTPClient):
    """What the SDK sends with. An answer that didn't come is tried again by the SDK, under the same key."""

    name = "guarded"

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None, **_usage: Any
    ) -> tuple[str, int, Mapping[str, str]]:
        body = post_data.encode() if isinstance(post_data, str) else post_data
        try:
            answer = request_send(method=method.upper(), url=url, headers=headers, body=body, seconds=SECONDS)
        except (NotSent, NoAnswer) as error:
            # The SDK gives its errors' constructors no types, here and below.
            raise stripe.APIConnectionError(f"no answer: {error}", should_retry=True) from error  # type: ignore[no-untyped-call]  # Stripe's has no types
        except AddressRefused as error:
            raise stripe.APIConnectionError("address refused", should_retry=False) from error  # type: ignore[no-untyped-call]  # Stripe's has no types
        return answer.body.decode(), answer.status, answer.headers

    def close(self) -> None:
        """A connection ends with its request."""

    def _sleep_time_seconds(self, num_retries: int) -> float:
        """Half a second, then one: somebody is waiting for the page."""
        return 0.5 * num_retries
