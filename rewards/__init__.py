"""What points are spent on: the catalogue, stock, code pools and redemptions."""
