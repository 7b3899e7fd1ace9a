"""What every room stands on and no room's business: clock, errors, outbox, idempotency, secrets, API pieces."""
