"""Simulated annotators: they answer from gold labels, through Argilla's API."""

from labelloop.oracle.simulated.annotator import Annotator, Answer, Decide, GoldAnswers

__all__ = ["Annotator", "Answer", "Decide", "GoldAnswers"]
