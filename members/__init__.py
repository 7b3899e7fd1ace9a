"""People: who may log in, who is a member, what they agreed to."""
