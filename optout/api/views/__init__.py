"""The API's views, a module per resource."""
