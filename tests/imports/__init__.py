"""Imports: the demo site, files of other systems, and the sheet of codes."""
