"""A command line over the configuration and the defaults, to frozen options."""
