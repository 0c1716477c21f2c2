"""Signals become alerts: what each area is to be told, given everything heard so far."""
