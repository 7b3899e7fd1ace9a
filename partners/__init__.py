"""Machines that talk to a brand: API keys."""
