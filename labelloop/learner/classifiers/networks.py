"""Networks to fine-tune: a base model with the head that suits its architecture."""

import json
from pathlib import Path
from typing import TypeVar, cast

import torch
from torch import nn
from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    BertForSequenceClassification,
    BertModel,
    PreTrainedModel,
)

from labelloop.errors import UserError
from labelloop.learner.classifiers.mean_pooling import MeanPooled

Model = TypeVar("Model", bound=PreTrainedModel)


class OwnHead(nn.Module):
    """A model with its architecture's own classification head."""

    def __init__(self, model: PreTrainedModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Logits, shape (texts, classes)."""
        logits: torch.Tensor = self.model(input_ids=input_ids, attention_mask=attention_mask).logits
        return logits


def build(base: Path, num_classes: int, pooling: str) -> MeanPooled | OwnHead:
    """A network with frozen word embeddings and a fresh head; `pooling` is auto, mean or head."""
    network: MeanPooled | OwnHead
    if pooling == "mean" or (pooling == "auto" and pools_mean(base)):
        encoder = BertModel.from_pretrained(base, add_pooling_layer=False, use_safetensors=True)
        network, embeddings = MeanPooled(encoder, num_classes), encoder.embeddings.word_embeddings
    else:
        model = AutoModelForSequenceClassification.from_pretrained(
            base, num_labels=num_classes, use_safetensors=True
        )
        network, embeddings = OwnHead(model), model.get_input_embeddings()
    embeddings.weight.requires_grad_(False)
    return network


def averaging(folder: Path, num_classes: int) -> BertForSequenceClassification:
    """A frozen BERT that averages its tokens, with a fresh linear layer; `UserError` for other families."""
    config = AutoConfig.from_pretrained(folder)
    if config.model_type != "bert":
        raise UserError(
            f"classifier linear needs a model of BERT's family, and {folder.name} is {config.model_type}; "
            "use --classifier transformer or another --model"
        )
    encoder = BertModel.from_pretrained(folder, add_pooling_layer=False, use_safetensors=True)
    return MeanPooled(encoder, num_classes).export()


def ready(model: Model, device: torch.device) -> Model:
    """The model on its device, ready to predict."""
    cast(nn.Module, model).to(device).train(False)
    return model


def exported(network: MeanPooled | OwnHead) -> PreTrainedModel:
    """The trained network as a plain model that `from_pretrained` loads."""
    return network.export() if isinstance(network, MeanPooled) else network.model


def pools_mean(base: Path) -> bool:
    """Whether this is a sentence embedder of BERT's family that averages its tokens."""
    pooling = base / "1_Pooling" / "config.json"
    if AutoConfig.from_pretrained(base).model_type != "bert" or not pooling.is_file():
        return False
    return bool(json.loads(pooling.read_text()).get("pooling_mode_mean_tokens"))
