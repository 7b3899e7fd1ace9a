"""Judging: facts in, awards and a trace out. Pure: the same input gives the same judgement, anywhere and any time."""
