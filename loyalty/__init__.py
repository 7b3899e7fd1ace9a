"""Programs, events, the rules that judge them, the ledger of points and the tiers."""
