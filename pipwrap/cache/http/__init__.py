"""The HTTP cache: RFC 9111 for a private cache, and the responses on disk."""
