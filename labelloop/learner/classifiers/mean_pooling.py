"""Mean pooling as a plain BERT folder.

`BertForSequenceClassification` reads the first token through its pooler, while a sentence embedder of
BERT's family means the average of its tokens. One more encoder layer of uniform attention brings that average
to every position, so that training can use a cheap head and the exported model still is a plain BERT.
"""

from typing import Any

import torch
from torch import nn
from torch.nn import functional
from transformers import BertConfig, BertForSequenceClassification, BertModel

MEAN_WEIGHT = 1000.0
"""How much more the average weighs than the first token, which the exported layer's residual adds to it."""

POOLER_WEIGHT = 0.3
"""Scale of the pooler, which keeps the normalised average in the part of tanh that is nearly linear."""


class MeanPooled(nn.Module):
    """A BERT encoder with the head that the exported folder computes: logits from averaged hidden states."""

    def __init__(self, encoder: BertModel, num_classes: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.dropout = nn.Dropout(encoder.config.hidden_dropout_prob)
        self.classifier = nn.Linear(encoder.config.hidden_size, num_classes)
        nn.init.normal_(self.classifier.weight, std=encoder.config.initializer_range)
        nn.init.zeros_(self.classifier.bias)

    def features(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Features that the linear layer sees, shape (texts, hidden size)."""
        hidden = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
        mean = (hidden * mask).sum(dim=1) / mask.sum(dim=1)
        blended = MEAN_WEIGHT * mean + hidden[:, 0]
        normalised = functional.layer_norm(
            blended, blended.shape[-1:], eps=self.encoder.config.layer_norm_eps
        )
        return torch.tanh(POOLER_WEIGHT * normalised)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Logits, shape (texts, classes)."""
        logits: torch.Tensor = self.classifier(self.dropout(self.features(input_ids, attention_mask)))
        return logits

    def export(self) -> BertForSequenceClassification:
        """The same function as a plain `BertForSequenceClassification` with one more layer."""
        config = BertConfig.from_dict(self.encoder.config.to_dict())
        config.num_hidden_layers += 1
        config.num_labels = self.classifier.out_features
        model = BertForSequenceClassification(config)
        model.bert.load_state_dict(self.encoder.state_dict(), strict=False)
        model.classifier.load_state_dict(self.classifier.state_dict())
        _make_averaging(model)
        model.train(False)
        return model


@torch.no_grad()
def _make_averaging(model: BertForSequenceClassification) -> None:
    layer: Any = model.bert.encoder.layer[-1]
    pooler: Any = model.bert.pooler
    identity = torch.eye(model.config.hidden_size)
    for name, parameter in [*layer.named_parameters(), *pooler.named_parameters()]:
        is_norm_weight = "LayerNorm" in name and name.endswith("weight")
        parameter.fill_(1.0 if is_norm_weight else 0.0)
    layer.attention.self.value.weight.copy_(identity)
    layer.attention.output.dense.weight.copy_(MEAN_WEIGHT * identity)
    pooler.dense.weight.copy_(POOLER_WEIGHT * identity)
