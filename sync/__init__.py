"""What phone and server must agree on, as pure functions: no clock, dice, database or network."""
