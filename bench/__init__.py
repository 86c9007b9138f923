"""What the product costs, against the raw limit and the rivals' shapes, in one run."""
