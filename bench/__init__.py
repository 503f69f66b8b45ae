"""What Amends costs, in ratios to the leanest code that does the same work; `make bench` runs it."""
