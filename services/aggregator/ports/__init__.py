"""What the domain needs from outside, and the values that cross."""
