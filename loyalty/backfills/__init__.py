"""Counters that start with their history: what a new version may count from stored events, and the counting.

From the publication on, events of older versions raise the counters too (loyalty/versions.py); what was stored before
is read here, member by member. Each event notes what it raised, as always, so nothing counts twice and a return takes
it back.
"""
