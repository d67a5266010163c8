"""The query strategies that come with labelloop, ours and small-text's.

Each is declared here, and an entry point in pyproject.toml names it.
"""

from labelloop.learner.descriptors import MANY_LABELS, ONE_LABEL, SHORTLIST, Ability, StrategyPlugin
from labelloop.learner.strategies.registry import BASE

CORE = "small_text.query_strategies"
TORCH = "small_text.integrations.pytorch.query_strategies"
EMBEDDINGS: frozenset[Ability] = frozenset({"embeddings"})
ITERATIONS = {"num_iterations": 1}
ANY = ONE_LABEL | MANY_LABELS

random_sampling = StrategyPlugin("RandomSampling", f"{CORE}:RandomSampling", tasks=ANY)
diverse_ties = StrategyPlugin(
    "DiverseTies",
    "labelloop.learner.strategies.diverse:DiverseTies",
    given=("pool_embeddings",),
    recipe={SHORTLIST: 2000},
)
distinct_ties = StrategyPlugin(
    "DistinctTies", "labelloop.learner.strategies.distinct:DistinctTies", recipe={SHORTLIST: 2000}
)
distinct_labels = StrategyPlugin(
    "DistinctLabels",
    "labelloop.learner.strategies.distinct:DistinctLabels",
    recipe={SHORTLIST: 2000},
    tasks=MANY_LABELS,
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
    tasks=ANY,
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
    "EmbeddingKMeans",
    f"{CORE}:EmbeddingKMeans",
    parameters={"normalize": bool},
    needs=EMBEDDINGS,
    tasks=ANY,
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
    tasks=ANY,
)
lightweight_coreset = StrategyPlugin(
    "LightweightCoreset",
    f"{CORE}:LightweightCoreset",
    parameters={"distance_metric": str, "normalize": bool},
    needs=EMBEDDINGS,
    defaults={"batch_size": 2**31},
    tasks=ANY,
)
prob_cover = StrategyPlugin(
    "ProbCover",
    f"{CORE}:ProbCover",
    parameters={"k": int, "ball_radius": float},
    needs=EMBEDDINGS,
    given=("vector_index_factory",),
    tasks=ANY,
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
category_vector = StrategyPlugin(
    "CategoryVectorInconsistencyAndRanking",
    f"{CORE}:CategoryVectorInconsistencyAndRanking",
    parameters={"batch_size": int, "prediction_threshold": float, "epsilon": float},
    defaults={"pbar": None},
    tasks=MANY_LABELS,
)
label_cardinality = StrategyPlugin(
    "LabelCardinalityInconsistency",
    f"{CORE}:LabelCardinalityInconsistency",
    parameters={"prediction_threshold": float},
    tasks=MANY_LABELS,
)
adaptive = StrategyPlugin(
    "AdaptiveActiveLearning",
    f"{CORE}:AdaptiveActiveLearning",
    parameters={"uncertainty_weight": float, "prediction_threshold": float},
    tasks=MANY_LABELS,
)

GRADIENTS: frozenset[Ability] = frozenset({"gradients"})
ADAPTED = "labelloop.learner.strategies.adapted"
LAYER: dict[str, type] = {"batch_size": int, "layer_name": str}

seals = StrategyPlugin(
    "SEALS",
    f"{ADAPTED}:SEALS",
    parameters={BASE: str, "k": int, "normalize": bool},
    needs=EMBEDDINGS,
    given=("vector_index_factory",),
    tasks=ANY,
)
gradient_length = StrategyPlugin(
    "ExpectedGradientLength",
    f"{ADAPTED}:OfNetwork",
    parameters={"batch_size": int},
    needs=GRADIENTS,
    given=("num_classes", "device"),
)
gradient_length_max_word = StrategyPlugin(
    "ExpectedGradientLengthMaxWord",
    f"{ADAPTED}:OfWords",
    parameters=LAYER,
    needs=GRADIENTS,
    given=("num_classes", "device"),
)
gradient_length_layer = StrategyPlugin(
    "ExpectedGradientLengthLayer",
    f"{ADAPTED}:OfLayer",
    parameters=LAYER,
    needs=GRADIENTS,
    given=("num_classes", "device"),
)
typi_clust = StrategyPlugin(
    "TypiClust",
    f"{CORE}.vector_space:TypiClust",
    unusable="small-text does not offer it, as its code is unfinished; the first texts of a project are "
    "typical ones of clusters (--cold-start typical)",
    tasks=ANY,
)
