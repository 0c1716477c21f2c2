"""The desk: the door for operators and feeds.  Authenticated, entitled, on a listener of its own."""
