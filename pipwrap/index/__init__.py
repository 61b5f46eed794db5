"""What indexes and find-links offer: pages to links, links to candidates."""
