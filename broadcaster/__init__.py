"""The top floor: broadcasts, sequences and connectors."""
