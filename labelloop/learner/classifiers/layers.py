"""The layers of a network: frozen, or cut in two."""

from typing import Any

import torch
from torch import nn
from transformers import BertConfig, BertModel, PreTrainedModel


class _Passing(nn.Module):
    """In place of the embeddings: it passes on what the lower layers made."""

    def forward(self, inputs_embeds: torch.Tensor, **_: Any) -> torch.Tensor:
        return inputs_embeds


def cut(bert: BertModel, layers: int) -> tuple[BertModel, BertModel]:
    """A BERT in two: its embeddings with so many lower layers, and the others. They share its weights."""
    stack = _stack(bert)
    return _made(bert.config, bert.embeddings, stack[:layers]), _made(bert.config, _Passing(), stack[layers:])


def joined(lower: BertModel, upper: BertModel) -> BertModel:
    """The BERT that was cut in these two."""
    return _made(lower.config, lower.embeddings, [*_stack(lower), *_stack(upper)])


def without_last(bert: BertModel) -> BertModel:
    """A BERT without its last layer. It shares the weights."""
    return _made(bert.config, bert.embeddings, _stack(bert)[:-1])


def freeze_lower(model: PreTrainedModel, share: float) -> None:
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


def _made(config: BertConfig, embeddings: nn.Module, layers: list[nn.Module]) -> BertModel:
    with torch.device("meta"):
        bert = BertModel(config, add_pooling_layer=False)
    made: Any = bert
    made.embeddings, made.encoder.layer = embeddings, nn.ModuleList(layers)
    return bert
