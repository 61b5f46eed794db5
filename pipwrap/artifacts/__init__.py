"""From a link to a wheel in the store: files, source trees, builds."""
