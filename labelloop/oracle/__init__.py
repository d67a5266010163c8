"""Where labels come from: Argilla, the Argilla server of one machine, simulated annotators."""
