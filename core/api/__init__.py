"""What every API view is made of: who asks, what they may, how input is read, how errors and pages look."""
