"""Tests of the server: its doors, its people, and what it answers to bad input."""
