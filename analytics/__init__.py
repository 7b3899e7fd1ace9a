"""Figures for a brand's staff: reads the other rooms, writes to none."""
