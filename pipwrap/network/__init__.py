"""The HTTP edge: the port, and the one client behind it."""
