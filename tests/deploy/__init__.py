"""What is installed: containers, units, rules; checked as far as this can be without them."""
