"""The demo's brands, people and history: invented, and written through the product's own services."""
