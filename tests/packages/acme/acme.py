"""What this package has, said without loading it."""

from labelloop import ClassifierPlugin, StoppingPlugin, StrategyPlugin

centroids = ClassifierPlugin(
    "acme-centroids",
    "acme_learner:Centroids",
    parameters={"letters": int},
    offers=frozenset({"embeddings"}),
)
spread = StrategyPlugin(
    "acme-spread",
    "acme_learner:Spread",
    parameters={"temperature": float},
    needs=frozenset({"embeddings"}),
    given=("num_classes",),
)
agreement = StoppingPlugin(
    "AcmeAgreement",
    "acme_learner:Agreement",
    parameters={"models": int, "least": float},
    past=1,
    window="models",
)
