"""Backups: made while the server works, proved by replaying them, and put back with one command."""
