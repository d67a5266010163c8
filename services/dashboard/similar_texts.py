"""Which labelled texts are most like a text, by the words that they share. Pure.

Nothing is loaded for it: rare words count more, as TF-IDF has it, and frequent ones little.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from math import log, sqrt

LONGEST = 2000
WORD = re.compile(r"\w+")
Weights = Mapping[str, float]


def most_alike(text: str, others: Iterable[tuple[int, str]], most: int) -> list[tuple[int, float]]:
    """The items that share most with the text, and how alike they are: 1 where they have the same words."""
    own = _counted(text)
    counted = [(item, _counted(other)) for item, other in others]
    frequency = Counter(word for _, words in counted for word in words)
    rarity = {word: log((1 + len(counted)) / (1 + frequency[word])) + 1 for word in {*frequency, *own}}
    weights = _weighed(own, rarity)
    alike = [
        (item, _shared(weights, _weighed(words, rarity)))
        for item, words in counted
        if not own.keys().isdisjoint(words)
    ]
    return sorted(alike, key=lambda each: (-each[1], each[0]))[:most]


def _counted(text: str) -> Counter[str]:
    return Counter(WORD.findall(text[:LONGEST].lower()))


def _weighed(words: Mapping[str, int], rarity: Weights) -> Weights:
    weights = {word: (1 + log(count)) * rarity[word] for word, count in words.items()}
    length = sqrt(sum(weight**2 for weight in weights.values())) or 1.0
    return {word: weight / length for word, weight in weights.items()}


def _shared(one: Weights, other: Weights) -> float:
    return min(1.0, sum(weight * other.get(word, 0.0) for word, weight in one.items()))
