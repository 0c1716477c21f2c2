"""Upstreams: the sources that this server calls by itself, each under a contract in ``tocsin.toml``."""
