"""Sources: what we listen to.  One module a source; none knows another."""
