"""Tiny decoders with random weights, one of each family."""

from __future__ import annotations

from typing import Any

import torch

FAMILIES = ("qwen2", "qwen3", "llama", "qwen2_moe", "qwen3_moe", "qwen3_next", "deepseek_v3")


def decoder(family: str, attention: str = "sdpa", seed: int = 0) -> Any:
    """A model of `family` in float32 whose heads look at some tokens more than at others."""
    from transformers import AutoConfig, AutoModelForCausalLM

    shape: dict[str, Any] = {
        "vocab_size": 97,
        "hidden_size": 64,
        "intermediate_size": 96,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 4096,
        "bos_token_id": 1,
        "eos_token_id": None,
        "pad_token_id": 0,
    }
    if family in ("qwen3", "qwen3_moe", "qwen3_next"):
        shape |= {"head_dim": 16}
    if "moe" in family or family == "qwen3_next":
        shape |= {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 32, "shared_expert_intermediate_size": 32}
    if family == "qwen3_next":
        shape |= {"num_hidden_layers": 4, "linear_num_key_heads": 2, "linear_num_value_heads": 4}
        shape |= {"linear_key_head_dim": 16, "linear_value_head_dim": 16}
    if family == "deepseek_v3":
        shape |= {"num_key_value_heads": 4, "n_routed_experts": 4, "num_experts_per_tok": 2, "n_group": 1, "topk_group": 1}
        shape |= {"moe_intermediate_size": 32, "first_k_dense_replace": 1, "q_lora_rank": 24, "kv_lora_rank": 16}
        shape |= {"qk_rope_head_dim": 8, "qk_nope_head_dim": 16, "v_head_dim": 12}
    config = AutoConfig.for_model(family, **shape)
    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_config(config, attn_implementation=attention).eval().requires_grad_(False)
    for name, weight in model.named_parameters():
        if any(part in name for part in ("q_proj", "k_proj", "q_b_proj", "kv_b_proj")) and weight.ndim == 2:
            weight.mul_(6.0)
    return model


def tokens(count: int, batch: int = 1, seed: int = 0) -> torch.Tensor:
    """Token ids [batch, count]."""
    return torch.randint(2, 97, (batch, count), generator=torch.Generator().manual_seed(seed))
