"""The product without tenancy, only to be compared with: Django's own backend, one schema, one brand."""
