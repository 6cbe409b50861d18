"""Watching the server: readiness, figures, traces and log lines. Nothing here decides anything."""
