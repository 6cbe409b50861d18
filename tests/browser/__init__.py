"""The whole of Bincard in real browsers: what a worker sees, and what the ledger keeps of it."""
