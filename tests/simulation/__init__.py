"""A whole warehouse on one thread: handhelds, network, server, people, under seeded faults.

Virtual time, one seed, no threads: the same seed and commit give the same world to the byte.
`make world SEED=7` replays one; a failure prints seed, commit and the shortest script found.
"""
