"""What is typed: each command line to its command, one module a command."""
