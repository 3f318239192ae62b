"""The shared solution library: every formula of the course once. Staff only; in no student bundle."""
