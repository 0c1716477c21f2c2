"""The public door: it only reads.  There is no path from here to a write."""
