"""Fuzzing: `python -m fuzz.decoders TARGET`."""
