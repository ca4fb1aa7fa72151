"""Low-rank updates of the encoder's matrices (LoRA, https://arxiv.org/abs/2106.09685): y = W x + b + (r_out (r_in x)) scale.

Only the two thin matrices are trained; afterwards they are added into W, so that the model that comes out is a plain one.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from longdoc.model.encoder import Encoder

_ALPHA = 16.0
_ADAPTED = ("qkv", "out", "grow", "shrink")


class LowRank(nn.Module):  # type: ignore[misc]
    """A linear layer that stays as it is, with an update of rank `rank` beside it that starts at nothing."""

    def __init__(self, linear: nn.Linear, rank: int) -> None:
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.inner = nn.Linear(linear.in_features, rank, bias=False)
        self.outer = nn.Linear(rank, linear.out_features, bias=False)
        nn.init.normal_(self.inner.weight, std=linear.in_features**-0.5)
        nn.init.zeros_(self.outer.weight)
        self.scale = _ALPHA / rank

    def forward(self, states: Tensor) -> Tensor:
        """states [..., I] to [..., O]."""
        total: Tensor = self.linear(states) + self.outer(self.inner(states)) * self.scale
        return total

    def merged(self) -> nn.Linear:
        """One linear layer that does the same."""
        with torch.no_grad():
            self.linear.weight += (self.outer.weight @ self.inner.weight) * self.scale
        return self.linear


def add_lora(encoder: Encoder, rank: int) -> None:
    """Freeze all of `encoder` and put updates of `rank` beside the matrices of its layers."""
    encoder.requires_grad_(False)
    for layer in _layers(encoder):
        for name in _ADAPTED:
            setattr(layer, name, LowRank(getattr(layer, name), rank))


def merge_lora(encoder: Encoder) -> None:
    """Add the updates into the matrices that they stand beside."""
    for layer in _layers(encoder):
        for name in _ADAPTED:
            setattr(layer, name, getattr(layer, name).merged())


def _layers(encoder: Encoder) -> list[nn.Module]:
    return [*encoder.layers, *([] if encoder.aside is None else [encoder.aside])]
