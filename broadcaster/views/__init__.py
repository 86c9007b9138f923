"""The broadcaster's pages."""
