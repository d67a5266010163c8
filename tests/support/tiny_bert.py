"""A BERT with random weights, so small that it trains at once."""

import json
from pathlib import Path

import pytest

from schemas.parts import BaseModelChoice

TINY = Path(__file__).resolve().parents[1] / "fixtures" / "tiny_bert"
"""A model that reads letters, at random weights."""

QUICK = ("--model", TINY)
"""Options of `init` and `import` for a model that is tried at once."""

TEXT = "what who where when is was the a of in city man number how many did color book"


def tiny_bert(folder: Path, averages: bool = True, positions: int = 40) -> Path:
    """Write the model, for texts of so many tokens at most.

    It says that it averages its tokens, as a sentence embedder, unless told otherwise.
    """
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    vocabulary = {token: number for number, token in enumerate([*special, *TEXT.split()])}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=positions,
        initializer_range=0.2,
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    names = {"pad": "[PAD]", "unk": "[UNK]", "cls": "[CLS]", "sep": "[SEP]", "mask": "[MASK]"}
    fast = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer, **{f"{name}_token": token for name, token in names.items()}
    )
    fast.save_pretrained(folder)
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode_mean_tokens": averages}))
    return folder


def without_last_embeddings(base: Path, tokens: int) -> Path:
    """The model in this folder, written again without the embeddings of its tokenizer's last tokens."""
    from transformers import BertModel

    encoder = BertModel.from_pretrained(base, add_pooling_layer=False)
    encoder.resize_token_embeddings(encoder.config.vocab_size - tokens)
    encoder.save_pretrained(base)
    return base


@pytest.fixture
def tiny(tmp_path: Path) -> BaseModelChoice:
    """A model that many trainings can do with."""
    return BaseModelChoice(name=str(tiny_bert(tmp_path / "tiny")))
