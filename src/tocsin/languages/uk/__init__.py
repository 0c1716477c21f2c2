"""Ukrainian: words, numbers, sources, days and places."""
