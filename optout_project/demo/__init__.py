"""Made-up people and what they did, so that a new installation shows something."""
