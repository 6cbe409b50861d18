"""What every book promises, however it is stored: one suite, three stores, and a control."""
