"""Boxes and refills: what a paid cycle sends, until when its member can change it, and how far it is on its way."""
