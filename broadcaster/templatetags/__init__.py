"""What the templates of this floor say in words."""
