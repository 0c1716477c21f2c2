"""tocsin warns the public of an attack while it happens, and keeps the attributed record of it."""

__version__ = "0.1.0"
