"""Pages and the door of connectors."""
