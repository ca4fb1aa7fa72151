"""Triton reads TRITON_INTERPRET when it is first imported, which transformers does too: it must be set before any test is collected."""

from __future__ import annotations

import os

import torch

if not torch.cuda.is_available():
    os.environ.setdefault("TRITON_INTERPRET", "1")
