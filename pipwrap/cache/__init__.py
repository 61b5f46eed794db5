"""Stored answers and their evidence; see ``layout`` for the map of what is on disk."""
