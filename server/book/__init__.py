"""The book: the ledger at rest, so that the pure rules of sync/ never see a database."""
