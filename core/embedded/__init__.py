"""Servers for a machine that has none: PostgreSQL and Valkey out of wheels, started and stopped by us.

Standard library only and no Django, so that launchers and tests can use it before settings are read.
"""
