"""Simulated annotators: they answer through Argilla's API as people would, from gold labels."""

from labelloop.oracle.simulated.annotator import annotate
from labelloop.oracle.simulated.decision import Answer, Decide, GoldAnswers

__all__ = ["Answer", "Decide", "GoldAnswers", "annotate"]
