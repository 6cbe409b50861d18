"""Imports: files of other systems become items, locations and documents, with a preview first."""
