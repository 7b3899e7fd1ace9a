"""What a program would have given over months that are over, beside what it gave. Nothing is written but the report."""
