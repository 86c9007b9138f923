"""The API of connectors."""
