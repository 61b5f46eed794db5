"""THE HEART; see ``layout`` for the map of what is on disk."""
