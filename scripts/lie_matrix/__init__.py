"""What is installed after a change, compared with what a build without a cache would give."""
