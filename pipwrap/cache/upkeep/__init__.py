"""What the cache holds, what of it is used, and removing or verifying it."""
