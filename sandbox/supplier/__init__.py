"""A supplier of gift cards that isn't one: a process of its own on this machine, for the demo and the tests.

It speaks what rewards/suppliers/card_catalogue understands, keeps its orders, takes money from a pretended balance, and
can be told to fail in every way that a real one does. See docs/suppliers.md.
"""
