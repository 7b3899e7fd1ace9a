"""Messages to members."""
