"""Repositories: what their revisions mean, and checkouts of them."""
