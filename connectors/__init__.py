"""Connectors: what other systems hand in, and what is done about it."""
