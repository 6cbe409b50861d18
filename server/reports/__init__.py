"""Reports: questions asked of the ledger. They read only, so none of them can change stock."""
