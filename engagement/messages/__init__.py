"""Named messages: the section `messages` of a program's document, and what becomes of one when a rule sends it."""
