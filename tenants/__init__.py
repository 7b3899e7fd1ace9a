"""The public schema: which brands exist, on which hosts, and how one comes into being."""
