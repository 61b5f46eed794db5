"""What is installed, what is to change, and changing it all or not at all."""
