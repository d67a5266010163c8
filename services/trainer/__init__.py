"""Train a model as soon as its batches are done."""
