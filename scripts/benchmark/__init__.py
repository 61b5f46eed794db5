"""scripts/bench: what pip, uv and pipwrap take for the same work, side by side."""
