"""Forms made from the document's own types: what the types can hold, the forms can show and write, without loss.

shapes      what a field of the document is: a text, a choice, a group, one of several kinds, rows of something
labels      what fields, kinds and choices are called, and in which sections they stand
references  which fields name another piece of the draft
reading     what a browser sent → plain values
nodes       plain values → what the templates show
actions     rows added, removed and moved
values      the typed values of conditions; attributes: what events and members have
editor      all of it for one piece of the draft
"""
