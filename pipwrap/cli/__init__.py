"""What is typed: each command line to its command, and the commands as a reader would tell them."""
