"""A folder with a tiny decoder of random weights and a tokenizer, as a user's checkpoint is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

TEXT = (
    "The Tenant shall pay rent of $4,200 on the first day of each month. This Lease ends on March 31, 2031. The Landlord may end it with "
    "ninety days' notice in writing. Interest at eight percent a year is due on late rent. Neither party may assign this Lease. "
)
TEMPLATE = (
    "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def checkpoint(folder: Path, *, template: bool = True, seed: int = 0, **shape: Any) -> Path:
    """`folder`, with a Qwen2 of two layers that reads 8,192 tokens unless `shape` says otherwise."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<|pad|>", "<|end|>", "<|user|>", "<|system|>", "<|assistant|>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=360, special_tokens=special, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator([TEXT] * 4, trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<|pad|>", eos_token="<|end|>")
    if template:
        fast.chat_template = TEMPLATE
    fast.save_pretrained(folder)
    settings = {
        "vocab_size": 368,
        "hidden_size": 64,
        "intermediate_size": 96,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 8192,
        "eos_token_id": 1,
        "pad_token_id": 0,
    }
    config = Qwen2Config(**(settings | shape))
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = Qwen2ForCausalLM(config)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "q_proj" in name or "k_proj" in name:
                weight.mul_(6.0)
    model.save_pretrained(folder)
    return folder
