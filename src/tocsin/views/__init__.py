"""What is computed from the log for reading.  Any of it may be deleted and comes back the same."""
