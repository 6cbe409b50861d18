"""How fast it is on this machine: the push path beside the raw limit of the database."""
