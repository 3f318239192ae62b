"""Gradients across the wall: torch in the grader goes back through a graph that lives in the student's process."""

import torch
from torch.autograd.function import once_differentiable


def connect(remote, number, tensor, leaves):
    """Tie a result of the student's to the tensors that went into the call.

    Parameters
    ----------
    remote : Remote
    number : int
        The result's number in the student's process.
    tensor : torch.Tensor
        The result's value.
    leaves : list of torch.Tensor
        The call's arguments that require gradients, in order.

    Returns
    -------
    torch.Tensor
        Its ``backward`` runs the student's graph: it fills the gradients of `leaves` here, and those of the student's
        parameters there.
    """
    anchor = torch.zeros((), requires_grad=True)  # a model's own parameters need a backward pass without any leaf
    return _Bridge.apply(remote, number, remote.session.generation, tensor, anchor, *leaves)


class _Bridge(torch.autograd.Function):
    @staticmethod
    def forward(ctx, remote, number, generation, tensor, anchor, *leaves):
        ctx.where = remote, number, generation
        ctx.shapes = [(leaf.shape, leaf.dtype) for leaf in leaves]
        return tensor.clone()

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient):
        remote, number, generation = ctx.where
        found = remote.backward(number, generation, gradient)
        if not isinstance(found, list):
            raise RuntimeError("the student's process returned no gradients")
        found = (found + [None] * len(ctx.shapes))[: len(ctx.shapes)]
        checked = [_fitting(value, *expected) for value, expected in zip(found, ctx.shapes, strict=True)]
        return (None, None, None, None, None, *checked)


def _fitting(value, shape, dtype):
    if isinstance(value, torch.Tensor) and value.shape == shape:
        return value.detach().to(dtype)
    return None
