"""The commands behind `bincard`: each does one thing and returns what is to be printed."""
