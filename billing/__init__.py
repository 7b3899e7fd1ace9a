"""Paid memberships. Empty until the first plan can be sold; the room's place in the import order is fixed already."""
