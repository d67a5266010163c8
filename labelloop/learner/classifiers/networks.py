"""Networks to fine-tune: a base model with a head that suits its architecture.

`BertForSequenceClassification` uses the first token through its pooler, but a sentence embedder of BERT's
family uses the average of its tokens. An extra encoder layer with uniform attention writes that average to
every position. So training can use a cheap head, and the exported model is still a plain BERT.

Lower layers can be frozen. Those of a BERT are cut off, so that what they make of a text can be kept.
"""

import json
from pathlib import Path
from typing import Any, TypeVar, cast

import torch
from torch import nn
from torch.nn import functional
from transformers import (
    AutoConfig,
    BertConfig,
    BertForSequenceClassification,
    BertModel,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from labelloop.learner.classifiers.pretrained import check_body, fit_embeddings, load_with_head

MEAN_WEIGHT = 1000.0
"""The weight of the average relative to the first token, which the exported layer's residual adds."""
POOLER_WEIGHT = 0.3
"""Scale of the pooler. It keeps the normalised average in the nearly linear part of tanh."""
Model = TypeVar("Model", bound=nn.Module)


def mean_over_tokens(hidden: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
    """The average of each text's states without its padding, shape (texts, hidden size)."""
    mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
    return (hidden * mask).sum(dim=1) / mask.sum(dim=1)


class MeanPooled(nn.Module):
    """A BERT encoder with the head that the exported folder computes: logits from averaged hidden states.

    `lower`: its embeddings and lower layers, if these are frozen. Inputs are tokens, or what `lower` makes of
    them (`inputs_embeds`).
    """

    def __init__(self, encoder: BertModel, num_classes: int, frozen_layers: int = 0) -> None:
        super().__init__()
        self.frozen_layers = frozen_layers
        self.lower: BertModel | None = None
        self.encoder = encoder
        if frozen_layers:
            self.lower, self.encoder = _cut(encoder, frozen_layers)
            cast(nn.Module, self.lower).requires_grad_(False)
        self.dropout = nn.Dropout(encoder.config.hidden_dropout_prob)
        self.classifier = nn.Linear(encoder.config.hidden_size, num_classes)
        nn.init.normal_(self.classifier.weight, std=encoder.config.initializer_range)
        nn.init.zeros_(self.classifier.bias)

    def features(self, attention_mask: torch.Tensor, **texts: torch.Tensor) -> torch.Tensor:
        """The inputs of the linear layer, shape (texts, hidden size)."""
        if self.lower is not None and "inputs_embeds" not in texts:
            cast(nn.Module, self.lower).train(False)
            with torch.no_grad():
                lower = self.lower(attention_mask=attention_mask, **texts)
            texts = {"inputs_embeds": lower.last_hidden_state}
        hidden = self.encoder(attention_mask=attention_mask, **texts).last_hidden_state
        blended = MEAN_WEIGHT * mean_over_tokens(hidden, attention_mask) + hidden[:, 0]
        normalised = functional.layer_norm(
            blended, blended.shape[-1:], eps=self.encoder.config.layer_norm_eps
        )
        return torch.tanh(POOLER_WEIGHT * normalised)

    def forward(self, attention_mask: torch.Tensor, **texts: torch.Tensor) -> torch.Tensor:
        """Logits, shape (texts, classes)."""
        logits: torch.Tensor = self.classifier(self.dropout(self.features(attention_mask, **texts)))
        return logits

    def export(self) -> BertForSequenceClassification:
        """The same function as a plain `BertForSequenceClassification` with one more layer.

        It shares the network's weights.
        """
        config = BertConfig.from_dict(self.encoder.config.to_dict())
        config.num_hidden_layers += 1
        config.num_labels = self.classifier.out_features
        whole = self.encoder if self.lower is None else _joined(self.lower, self.encoder)
        with torch.device("meta"):
            model = BertForSequenceClassification(config)
        built: Any = model
        last, pooler = (part.to_empty(device="cpu") for part in (_stack(built.bert)[-1], built.bert.pooler))
        _make_averaging(last, pooler)
        built.bert.embeddings = whole.embeddings
        built.bert.encoder.layer = nn.ModuleList([*_stack(whole), last])
        built.classifier = self.classifier
        model.train(False)
        return model

    @classmethod
    def of_export(cls, model: BertForSequenceClassification, frozen_layers: int) -> "MeanPooled":
        """The network that `export` made a model of. It shares the model's weights."""
        network = cls(_without_last(model.bert), model.classifier.out_features, frozen_layers)
        network.classifier = model.classifier
        return network


@torch.no_grad()
def _make_averaging(layer: Any, pooler: Any) -> None:
    size = pooler.dense.in_features
    for name, parameter in [*layer.named_parameters(), *pooler.named_parameters()]:
        is_norm_weight = "LayerNorm" in name and name.endswith("weight")
        parameter.fill_(1.0 if is_norm_weight else 0.0)
    layer.attention.self.value.weight.copy_(torch.eye(size))
    layer.attention.output.dense.weight.copy_(MEAN_WEIGHT * torch.eye(size))
    pooler.dense.weight.copy_(POOLER_WEIGHT * torch.eye(size))


class OwnHead(nn.Module):
    """A model with its architecture's own classification head."""

    def __init__(self, model: PreTrainedModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Logits, shape (texts, classes)."""
        logits: torch.Tensor = self.model(input_ids=input_ids, attention_mask=attention_mask).logits
        return logits


Network = MeanPooled | OwnHead


def build(
    base: Path, num_classes: int, pooling: str, tokenizer: PreTrainedTokenizerBase, frozen_share: float = 0.0
) -> Network:
    """A network with a new head. `pooling` is auto, mean or head.

    Its word embeddings are frozen, and the lower ones of its layers: `frozen_share` of them, rounded down.
    """
    embeddings: Any
    if averages_tokens(base, pooling):
        encoder = _encoder(base, tokenizer)
        embeddings = encoder.embeddings.word_embeddings
        embeddings.weight.requires_grad_(False)
        return MeanPooled(encoder, num_classes, int(frozen_share * encoder.config.num_hidden_layers))
    model = load_with_head(base, num_classes, tokenizer)
    embeddings = model.get_input_embeddings()
    embeddings.weight.requires_grad_(False)
    _freeze_lower(model, frozen_share)
    return OwnHead(model)


def lower_part(folder: Path, layers: int, tokenizer: PreTrainedTokenizerBase) -> BertModel:
    """The embeddings and so many lower layers of the BERT in a folder."""
    return _cut(_encoder(folder, tokenizer), layers)[0]


def averages_tokens(base: Path, pooling: str) -> bool:
    """Whether `build` makes a BERT that averages its tokens."""
    return pooling == "mean" or (pooling == "auto" and pools_mean(base))


def frozen(base: Path, num_classes: int, tokenizer: PreTrainedTokenizerBase) -> PreTrainedModel:
    """A model whose head is still to be set: a BERT averages its tokens, another family has its own head.

    What is not pretrained is drawn in the same way each time.
    """
    torch.manual_seed(0)
    if AutoConfig.from_pretrained(base).model_type == "bert":
        return MeanPooled(_encoder(base, tokenizer), num_classes).export()
    return load_with_head(base, num_classes, tokenizer)


def _encoder(base: Path, tokenizer: PreTrainedTokenizerBase) -> BertModel:
    loaded: Any = BertModel.from_pretrained(
        base,
        add_pooling_layer=False,
        use_safetensors=True,
        ignore_mismatched_sizes=True,
        output_loading_info=True,
    )
    encoder: BertModel
    encoder, loading = loaded
    check_body(base, encoder, loading)
    fit_embeddings(encoder, tokenizer)
    return encoder


def ready(model: Model, device: torch.device) -> Model:
    """The model on its device, ready to predict."""
    cast(nn.Module, model).to(device).train(False)
    return model


def exported(network: Network) -> PreTrainedModel:
    """The trained network as a plain model that `from_pretrained` loads."""
    return network.export() if isinstance(network, MeanPooled) else network.model


def pools_mean(base: Path) -> bool:
    """Whether this is a sentence embedder of BERT's family that averages its tokens."""
    pooling = base / "1_Pooling" / "config.json"
    if AutoConfig.from_pretrained(base).model_type != "bert" or not pooling.is_file():
        return False
    return bool(json.loads(pooling.read_text()).get("pooling_mode_mean_tokens"))


class _Passing(nn.Module):
    """In place of the embeddings: it passes on what the lower layers made."""

    def forward(self, inputs_embeds: torch.Tensor, **_: Any) -> torch.Tensor:
        return inputs_embeds


def _cut(bert: BertModel, layers: int) -> tuple[BertModel, BertModel]:
    """A BERT in two: its embeddings with so many lower layers, and the others. They share its weights."""
    stack = _stack(bert)
    return _bert_of(bert.config, bert.embeddings, stack[:layers]), _bert_of(
        bert.config, _Passing(), stack[layers:]
    )


def _joined(lower: BertModel, upper: BertModel) -> BertModel:
    """The BERT that was cut in these two."""
    return _bert_of(lower.config, lower.embeddings, [*_stack(lower), *_stack(upper)])


def _without_last(bert: BertModel) -> BertModel:
    """A BERT without its last layer. It shares the weights."""
    return _bert_of(bert.config, bert.embeddings, _stack(bert)[:-1])


def _freeze_lower(model: PreTrainedModel, share: float) -> None:
    """Freeze this share of a model's layers, rounded down, from below, and what lies before them.

    Nothing is frozen in a family that has no list of its layers.
    """
    count = getattr(model.config, "num_hidden_layers", 0)
    frozen = int(share * count)
    stacks = [
        name
        for name, module in model.named_modules()
        if isinstance(module, nn.ModuleList) and len(module) == count
    ]
    if not frozen or not stacks:
        return
    for name, parameter in model.named_parameters():
        if name.startswith(f"{stacks[0]}.{frozen}."):
            return
        parameter.requires_grad_(False)


def _stack(bert: BertModel) -> list[nn.Module]:
    return list(bert.encoder.layer)


def _bert_of(config: BertConfig, embeddings: nn.Module, layers: list[nn.Module]) -> BertModel:
    with torch.device("meta"):
        bert = BertModel(config, add_pooling_layer=False)
    assembled: Any = bert
    assembled.embeddings, assembled.encoder.layer = embeddings, nn.ModuleList(layers)
    return bert
