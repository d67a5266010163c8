"""Load a pretrained model so that it can be trained: what its folder lacks or misfits is replaced.

A classification head of another size gets fresh weights, embeddings grow to the tokenizer's vocabulary, a
tokenizer without a padding token pads with another one, and texts are cut at the positions that there are.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from labelloop.errors import UserError, one_line
from labelloop.learner.classifiers.base import Floats

LONGEST = 300
COUNTED_AFTER_PADDING = ("roberta", "camembert", "xlm-roberta", "xlm-roberta-xl", "mpnet", "longformer")
"""Families that number positions from the one after the padding token's id."""


def load_tokenizer(base: Path) -> PreTrainedTokenizerBase:
    """The tokenizer of a folder, with a padding token. Raises UserError if it has none or no vocabulary."""
    try:
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(base)
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise _no_tokenizer(base) from error
    if len(tokenizer) <= len(tokenizer.all_special_ids):
        raise _no_tokenizer(base)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.unk_token or tokenizer.sep_token
    if tokenizer.pad_token is None:
        raise UserError(f"the tokenizer of {base.name} has no token to pad with; give another --model")
    return tokenizer


def _no_tokenizer(base: Path) -> UserError:
    return UserError(
        f"{base} has no tokenizer that can be loaded: save it there with tokenizer.save_pretrained(…), "
        "or give another --model"
    )


def load_with_head(base: Path, num_classes: int, tokenizer: PreTrainedTokenizerBase) -> PreTrainedModel:
    """The model with its family's own classification head. Raises UserError if it cannot classify."""
    try:
        loaded: tuple[PreTrainedModel, dict[str, Any]] = AutoModelForSequenceClassification.from_pretrained(
            base,
            num_labels=num_classes,
            use_safetensors=True,
            ignore_mismatched_sizes=True,
            output_loading_info=True,
        )
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        reason = one_line(error)[:LONGEST]
        raise UserError(
            f"{base.name} cannot be loaded as a classifier ({reason}); give another --model"
        ) from error
    model, loading = loaded
    check_body(base, model, loading)
    if model.config.pad_token_id is None:
        model.config.pad_token_id = tokenizer.pad_token_id
    fit_embeddings(model, tokenizer)
    return model


def check_body(base: Path, model: PreTrainedModel, loading: Mapping[str, Any]) -> None:
    """Raises UserError if the model without its head was not wholly read from the folder."""
    names = [*loading["missing_keys"], *(name for name, *_ in loading["mismatched_keys"])]
    prefix = "" if model.base_model is model else f"{model.base_model_prefix}."
    body = [name for name in names if name.startswith(prefix) and "pooler" not in name]
    if body:
        raise UserError(
            f"the weights of {base.name} do not fit its config.json ({body[0]} and {len(body) - 1} more); "
            "give another --model"
        )


def fit_embeddings(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> None:
    """Add word embeddings if the tokenizer has more tokens than there are, always the same ones."""
    embeddings: Any = model.get_input_embeddings()
    if embeddings.num_embeddings < len(tokenizer):
        with torch.random.fork_rng():
            torch.manual_seed(0)
            model.resize_token_embeddings(len(tokenizer))


def head_of(model: PreTrainedModel) -> tuple[str, nn.Linear]:
    """The last linear layer with an output for each class, and its name."""
    layers = [
        (name, module)
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear) and module.out_features == model.config.num_labels
    ]
    if not layers:
        raise UserError(f"{model.config.model_type} has no linear head; use --classifier transformer")
    return layers[-1]


@torch.no_grad()
def set_head(head: nn.Linear, weight: Floats, bias: Floats) -> None:
    """Give a linear layer this weight, and this bias if it has one."""
    head.weight.copy_(torch.from_numpy(weight))
    if head.bias is not None:
        head.bias.copy_(torch.from_numpy(bias))


def most_tokens(base: Path, limit: int) -> int:
    """`limit` tokens, or as many as the model has positions for."""
    config: PreTrainedConfig = AutoConfig.from_pretrained(base)
    positions = getattr(config, "max_position_embeddings", None)
    if not isinstance(positions, int) or positions <= 0:
        return limit
    if config.model_type in COUNTED_AFTER_PADDING:
        positions -= (config.pad_token_id or 0) + 1
    return min(limit, positions)
