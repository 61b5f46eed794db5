"""The work of one command: its request, resolution, plan and session."""
