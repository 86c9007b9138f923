"""The ground floor: who may not be written to, and the door messages leave by."""
