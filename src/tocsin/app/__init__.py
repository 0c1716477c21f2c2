"""The wiring: the one place where all parts meet, and the only one that reads the clock."""
