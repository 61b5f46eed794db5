"""Which Python a command works on, and the facts about it."""
