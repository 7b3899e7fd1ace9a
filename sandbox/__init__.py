"""What stands in for the outside in the demo and the tests. The product never imports it."""
