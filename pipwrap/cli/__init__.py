"""pip's command line, from argv to an exit status."""
