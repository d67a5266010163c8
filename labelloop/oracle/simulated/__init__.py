"""Simulated annotators: they answer through Argilla's API as people would, from gold labels."""

from labelloop.oracle.simulated.annotator import Annotator
from labelloop.oracle.simulated.decision import Answer, Decide, GoldAnswers

__all__ = ["Annotator", "Answer", "Decide", "GoldAnswers"]
