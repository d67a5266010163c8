"""Picks the texts that the model is least sure of, and puts them before people in Argilla."""
