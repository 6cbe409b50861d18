"""Text tables: one line per operation, last column the verdict."""
