"""At the checkout: what a cart comes to for a member, and paying a part of it in points.

definition   the section `checkout` of the program's document
discounts    the member's discounts on a cart; pure
quoting      what a cart comes to, earns, and may be paid with
payments     reserve, capture, release, and refund by article
"""
