"""Hostile pushes: what a valid device says, changed at random, told to the real application.

Whatever comes, the server answers without a fault of its own, the ledger replays, and memory
stays as it is. A seed says everything; a case that fails is told as the one push that does it.
"""
