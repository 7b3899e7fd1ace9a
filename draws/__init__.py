"""Sweepstakes: entries, a frozen list, and a draw that anybody can work out again."""
