"""The query strategies that come with labelloop, ours and small-text's.

Each is declared here, and an entry point in pyproject.toml names it.
"""

from labelloop.learner.descriptors import SHORTLIST, Ability, StrategyPlugin
from labelloop.learner.strategies import BASE

CORE = "small_text.query_strategies"
TORCH = "small_text.integrations.pytorch.query_strategies"
EMBEDDINGS: frozenset[Ability] = frozenset({"embeddings"})
ITERATIONS = {"num_iterations": 1}

random_sampling = StrategyPlugin("RandomSampling", f"{CORE}:RandomSampling")
distinct_ties = StrategyPlugin(
    "DistinctTies", "labelloop.learner.distinct_ties:DistinctTies", recipe={SHORTLIST: 2000}
)
breaking_ties = StrategyPlugin("BreakingTies", f"{CORE}:BreakingTies")
least_confidence = StrategyPlugin("LeastConfidence", f"{CORE}:LeastConfidence")
prediction_entropy = StrategyPlugin("PredictionEntropy", f"{CORE}:PredictionEntropy")
bald = StrategyPlugin(
    "BALD", f"{CORE}:BALD", parameters={"dropout_samples": int}, needs=frozenset({"dropout"})
)
subsampling = StrategyPlugin(
    "SubsamplingQueryStrategy",
    f"{CORE}:SubsamplingQueryStrategy",
    parameters={BASE: str, "subsample_size": int},
)
class_balancer = StrategyPlugin(
    "ClassBalancer",
    f"{CORE}:ClassBalancer",
    parameters={BASE: str, "ignored_classes": list, "subsample_size": int},
)
anchor_subsampling = StrategyPlugin(
    "AnchorSubsampling",
    f"{CORE}:AnchorSubsampling",
    parameters={
        BASE: str,
        "subsample_size": int,
        "num_anchors": int,
        "k": int,
        "normalize": bool,
        "batch_size": int,
    },
    needs=EMBEDDINGS,
    given=("vector_index_factory",),
)
embedding_k_means = StrategyPlugin(
    "EmbeddingKMeans", f"{CORE}:EmbeddingKMeans", parameters={"normalize": bool}, needs=EMBEDDINGS
)
contrastive = StrategyPlugin(
    "ContrastiveActiveLearning",
    f"{CORE}:ContrastiveActiveLearning",
    parameters={"k": int, "normalize": bool, "batch_size": int},
    needs=EMBEDDINGS,
)
discriminative = StrategyPlugin(
    "DiscriminativeActiveLearning",
    f"{CORE}:DiscriminativeActiveLearning",
    parameters={"num_iterations": int, "unlabeled_factor": int},
    given=("classifier_factory",),
    defaults=ITERATIONS,
)
greedy_coreset = StrategyPlugin(
    "GreedyCoreset",
    f"{CORE}:GreedyCoreset",
    parameters={"distance_metric": str, "normalize": bool, "batch_size": int},
    needs=EMBEDDINGS,
)
lightweight_coreset = StrategyPlugin(
    "LightweightCoreset",
    f"{CORE}:LightweightCoreset",
    parameters={"distance_metric": str, "normalize": bool},
    needs=EMBEDDINGS,
    defaults={"batch_size": 2**31},
)
prob_cover = StrategyPlugin(
    "ProbCover",
    f"{CORE}:ProbCover",
    parameters={"k": int, "ball_radius": float},
    needs=EMBEDDINGS,
    given=("vector_index_factory",),
)
badge = StrategyPlugin("BADGE", f"{TORCH}:BADGE", needs=EMBEDDINGS, given=("num_classes",))
discriminative_representation = StrategyPlugin(
    "DiscriminativeRepresentationLearning",
    f"{TORCH}:DiscriminativeRepresentationLearning",
    parameters={
        "num_iterations": int,
        "selection": str,
        "temperature": float,
        "unlabeled_factor": int,
        "mini_batch_size": int,
    },
    needs=frozenset({"embeddings", "network"}),
    given=("device",),
    defaults=ITERATIONS,
)

# Strategies of small-text that no project can use, with the reason for the error message.


def _unusable(name: str, module: str, reason: str) -> StrategyPlugin:
    return StrategyPlugin(name, f"{module}:{name}", unusable=reason)


_MULTI_LABEL = "it is for multi-label tasks"
_GRADIENTS = "it differentiates small-text's own PyTorch models"

seals = _unusable("SEALS", CORE, "small-text ties it to the package hnswlib")
category_vector = _unusable("CategoryVectorInconsistencyAndRanking", CORE, _MULTI_LABEL)
label_cardinality = _unusable("LabelCardinalityInconsistency", CORE, _MULTI_LABEL)
adaptive = _unusable("AdaptiveActiveLearning", CORE, _MULTI_LABEL)
gradient_length = _unusable("ExpectedGradientLength", TORCH, _GRADIENTS)
gradient_length_max_word = _unusable("ExpectedGradientLengthMaxWord", TORCH, _GRADIENTS)
gradient_length_layer = _unusable("ExpectedGradientLengthLayer", TORCH, _GRADIENTS)
