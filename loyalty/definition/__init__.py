"""The program as one typed document: what it may say, how it is read, checked, compared, put into words and compiled.

Pure: no ORM, no clock, no I/O. A new kind of condition, effect, limit or expiry is one Struct with its own check,
sentence and evaluator, added to the union at the foot of its module; nothing else has to know of it.
"""
