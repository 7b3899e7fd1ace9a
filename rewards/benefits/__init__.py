"""What tiers and plans give: benefits, who holds them since when, and each time that one is used.

definition     the section `benefits` of the program's document
grants         who holds what: rows that follow tiers, plans and segments
uses           each use, once, within the allowance
entitlements   what holds now, as an answer and as a signed token (tokens)
dates          the calendar: what happens when, for pages and for .ics
"""
