"""What phone and server agree on: codes, FIFO, feed, ledger and the rules."""
