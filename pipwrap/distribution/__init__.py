"""From a link or a source to metadata, and to a wheel in the store."""
