"""The benches, by name. Each takes what is there (Ground) and fills a Report."""

from __future__ import annotations
