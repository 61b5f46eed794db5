"""What the user sees: events and errors to lines, and the one writer of them."""
