"""Arguments, requirements files, groups, scripts and lock files to requirements."""
