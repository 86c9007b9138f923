"""The API of this floor, under /api/v1/."""
