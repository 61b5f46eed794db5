"""pipwrap: pip's command line, a fast installer, and a cache that never lies."""

__version__ = "0.1.0"
