"""The server: it keeps what the devices report, serves it to them and reports on it."""
