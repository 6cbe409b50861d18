"""A small warehouse for tests: the real book, handhelds that chain, a clock that we set."""
