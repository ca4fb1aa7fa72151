"""Requests, and what they are to be answered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from longdoc.protocols import Request

CLAUSE = {
    "type": "object",
    "properties": {"found": {"type": "boolean"}, "kind": {"enum": ["lease", "licence"]}},
    "required": ["found", "kind"],
    "additionalProperties": False,
}


def asked(text: str, **more: Any) -> Request:
    return Request(({"role": "user", "content": text},), **({"max_tokens": 12} | more))


def expected(folder: Path, text: str, count: int, adapter: Path | None = None) -> str:
    """What transformers writes by itself, with peft if there is an adapter."""
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model, tokenizer = AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    if adapter is not None:
        model = PeftModel.from_pretrained(model, str(adapter))
    ids = tokenizer(f"<|user|>{text}<|end|><|assistant|>", add_special_tokens=False, return_tensors="pt")["input_ids"]
    out = model.generate(input_ids=ids, attention_mask=torch.ones_like(ids), max_new_tokens=count, do_sample=False)
    return str(tokenizer.decode(out[0, ids.shape[1] :], skip_special_tokens=True))
