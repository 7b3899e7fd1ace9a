"""The local Stripe: a stateful stand-in of its own process for the demo and the tests.

It speaks the slice of Stripe's API that the product uses, in the version that `stripe` in requirements.txt speaks,
with test clocks, a Checkout page, signed webhooks that are tried again, idempotency keys and switches for faults. It
knows test keys only, keeps no card numbers, and is no part of what a brand runs.
"""
