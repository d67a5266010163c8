"""Where labels come from: Argilla, an embedded Argilla server, and simulated annotators."""
