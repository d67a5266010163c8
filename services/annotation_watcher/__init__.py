"""Read people's answers from the oracle, and record in the log when a batch is done or changed."""
