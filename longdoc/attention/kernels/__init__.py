"""Triton kernels for what is slow in torch on a GPU: one file a kernel, each with a twin in torch that gives the same values.

Triton is imported with a kernel's module, and by nothing else; where `usable` says no, the twin runs. With TRITON_INTERPRET=1 set
before the first import of triton the kernels run on CPU tensors, as the tests do.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import cache
from importlib.util import find_spec

import torch
from torch import Tensor

SIZES = frozenset({16, 32, 64, 128, 256})
"""Channels of a head that the kernels take."""

TYPES = frozenset({torch.float32, torch.float16, torch.bfloat16})

DEVICES = frozenset({"cuda"})
"""Types of the devices on which the kernels are used."""

_SHARED_MEMORY = 232_448
"""Bytes that a program may have of an H100's, by which the kernels are laid out where there is no GPU to ask."""


def usable(*tensors: Tensor) -> bool:
    """Whether the kernels take all of `tensors` [..., D], on one GPU of NVIDIA's from Ampere on, and no gradient is wanted of them."""
    return (
        all(tensor.device.type in DEVICES and tensor.shape[-1] in SIZES for tensor in tensors)
        and tensors[0].dtype in TYPES
        and len({(tensor.device, tensor.dtype) for tensor in tensors}) == 1
        and not (torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors))
        and _able(tensors[0].device)
    )


def rows_in_one_piece(tensor: Tensor) -> Tensor:
    """[..., D], copied only where the channels of a row do not lie side by side."""
    return tensor if tensor.stride(-1) == 1 else tensor.contiguous()


def power_of_two(number: int) -> int:
    """The least power of two that is no less."""
    return 1 << max(0, number - 1).bit_length()


def on_device(tensor: Tensor) -> AbstractContextManager[object]:
    """Kernels launched within run where `tensor` lies: Triton itself takes the current GPU, whatever the tensors'."""
    context: AbstractContextManager[object] = torch.cuda.device(tensor.device) if tensor.is_cuda else nullcontext()
    return context


def shared_memory(tensor: Tensor) -> int:
    """Bytes of fast memory that a program may have where `tensor` lies."""
    if not tensor.is_cuda:
        return _SHARED_MEMORY
    from triton.runtime import driver

    with on_device(tensor):
        return int(driver.active.utils.get_device_properties(driver.active.get_current_device())["max_shared_mem"])


@cache
def _able(device: torch.device) -> bool:
    if find_spec("triton") is None:
        return False
    return device.type != "cuda" or (torch.version.hip is None and torch.cuda.get_device_capability(device) >= (8, 0))
