"""Stories of one member, told through the doors that everybody has."""
