"""System checks of the tenancy traps."""
