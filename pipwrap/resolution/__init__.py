"""Which versions of which projects, by pip's rules, on a PubGrub core."""
