"""What several kinds of tests need: a running server, clients of it, pictures."""
