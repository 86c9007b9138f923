"""The pages of optout."""
