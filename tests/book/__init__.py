"""The book at rest: its writer, its cursors, its group commit."""
