"""The tables: the one description of what is stored, shared by the book and its migrations."""
