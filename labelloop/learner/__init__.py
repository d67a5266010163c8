"""Train classifiers, pick texts and evaluate models. Only this package uses torch and small-text."""
