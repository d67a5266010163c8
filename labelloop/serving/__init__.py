"""A server that answers requests with a project's newest model."""
