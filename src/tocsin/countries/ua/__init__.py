"""Ukraine: data only, see `pack.toml` and SOURCES.md."""
