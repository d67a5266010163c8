"""The averaging layer: the exported BERT computes what was trained, on the real model."""

import pytest
import torch
from transformers import AutoTokenizer, BertModel

from labelloop.learner.base_model import BUNDLED, resolve
from labelloop.learner.classifiers.networks import MeanPooled

TEXTS = ["Who ?", "What is the capital of Yugoslavia ?", "How many people " + "in the world " * 20 + "live ?"]


@pytest.mark.parametrize("texts", [TEXTS, TEXTS[:1]])
def test_the_exported_model_computes_what_was_trained(texts: list[str]) -> None:
    base = resolve(BUNDLED).folder
    torch.manual_seed(0)
    encoder = BertModel.from_pretrained(base, add_pooling_layer=False, use_safetensors=True)
    trained = MeanPooled(encoder, 6)
    trained.train(False)
    batch = AutoTokenizer.from_pretrained(base)(texts, padding=True, return_tensors="pt")

    with torch.inference_mode():
        expected = trained(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"])
        exported = trained.export()(**batch).logits

    assert expected.std() > 0.01
    torch.testing.assert_close(exported, expected, atol=1e-4, rtol=0)
