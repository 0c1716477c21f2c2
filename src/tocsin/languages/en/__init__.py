"""English: words, numbers, sources, days and places."""
