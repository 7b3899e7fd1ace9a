"""The members' pages about paid memberships: plans, joining, the membership itself, changing, pausing, leaving."""
