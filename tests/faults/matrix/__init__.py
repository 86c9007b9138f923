"""The fault matrix of database, broker, provider and receiver."""
