"""https without a proxy: an authority of this installation's own, and the server's certificate."""
