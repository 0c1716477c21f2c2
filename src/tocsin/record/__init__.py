"""The attributed record: what texts say of an attack, who says it, and in which words."""
