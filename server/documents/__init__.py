"""Documents: the orders and count sheets that tell people which operations are expected."""
