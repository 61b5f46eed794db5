"""From a source tree to its metadata and its wheel (PEP 517, PEP 660), and what the build read."""
