"""Work done once, work on other threads, and processes that work for this one."""
