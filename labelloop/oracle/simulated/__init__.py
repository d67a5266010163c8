"""Simulated annotators: they answer from gold labels, through Argilla's API."""

from labelloop.oracle.simulated.annotator import Answer, Decide, GoldAnswers, SimulatedAnnotator

__all__ = ["Answer", "Decide", "GoldAnswers", "SimulatedAnnotator"]
