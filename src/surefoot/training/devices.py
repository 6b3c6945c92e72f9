"""Processes, precision and sharding: what the loop takes from Accelerate.

Several processes come from `accelerate launch`. Each holds the whole model
(data parallel), or its share of it (FSDP2, docs/scaling.md). A model in shares
is an ordinary one again when training is over, in the main process.
"""

import atexit
import copy
import os
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import Any

import torch
from accelerate import Accelerator, PartialState
from accelerate.utils import InitProcessGroupKwargs, parse_flag_from_env
from torch import nn
from transformers import PreTrainedModel

from surefoot.errors import UserError

_PATIENCE = timedelta(hours=12)
"""How long processes wait for each other. The last one scores what was held out by itself."""


def n_processes() -> int:
    """Processes that train together. The first call binds each to its device."""
    cpu = parse_flag_from_env("ACCELERATE_USE_CPU")
    count: int = PartialState(cpu=cpu, timeout=_PATIENCE).num_processes
    if count > 1:
        _part_at_exit()
    return count


@cache
def _part_at_exit() -> None:
    """Has this process take leave of the others before Python ends.

    Threads that still wait for the others by then make C++ abort the process now and
    then, after its work is done: https://pytorch.org/docs/stable/distributed.html#shutdown
    """
    atexit.register(PartialState().destroy_process_group)


def loads_on() -> str | None:
    """Where a model is to be loaded: `cpu` if it will be sharded, None: as usual.

    Raises:
        UserError: The launch configuration asks for something that training cannot do.
    """
    n_processes()
    if not parse_flag_from_env("ACCELERATE_USE_FSDP"):
        return None
    if os.environ.get("FSDP_VERSION", "1") != "2":
        raise UserError("accelerate configuration: fsdp_version must be 2 (docs/scaling.md)")
    if parse_flag_from_env("FSDP_CPU_RAM_EFFICIENT_LOADING"):
        raise UserError(
            "accelerate configuration: fsdp_cpu_ram_efficient_loading must be false:"
            " every process looks at the base before it is sharded (docs/scaling.md)"
        )
    return "cpu"


def start(*, bf16: bool) -> tuple[Accelerator, bool]:
    """The accelerator of a run, and whether the run computes in bfloat16.

    Args:
        bf16: Whether it should; `mixed_precision: bf16` of the launch
            configuration asks for it too.

    Raises:
        UserError: The configuration asks for a precision with loss scaling.
    """
    n_processes()
    accelerator = Accelerator(kwargs_handlers=[InitProcessGroupKwargs(timeout=_PATIENCE)])
    precision = accelerator.mixed_precision
    if precision not in ("no", "bf16"):
        raise UserError(
            f"accelerate configuration: mixed_precision {precision!r} is not supported; use bf16"
        )
    bf16 = bf16 or precision == "bf16"
    if bf16 and accelerator.is_fsdp2:
        from torch.distributed.fsdp import MixedPrecisionPolicy

        # Accelerate's own policy would round the loss and the summed gradients, too.
        accelerator.state.fsdp_plugin.mixed_precision_policy = MixedPrecisionPolicy(
            param_dtype=torch.bfloat16, reduce_dtype=torch.float32
        )
    return accelerator, bf16


def prepare(
    accelerator: Accelerator, objective: nn.Module, optimizers: list[torch.optim.Optimizer]
) -> tuple[nn.Module, list[torch.optim.Optimizer]]:
    """Model and optimizers, ready to run on this process's device.

    Raises:
        UserError: More than one optimizer for a model in shares.
    """
    if accelerator.is_fsdp2 and len(optimizers) > 1:
        raise UserError("--optimizer muon: does not work on a model in shares (FSDP); use adamw")
    objective, *optimizers = accelerator.prepare(objective, *optimizers)
    if not accelerator.is_fsdp2:
        accelerator.register_save_state_pre_hook(_drop_frozen)
    return objective, optimizers


def load_state(accelerator: Accelerator, objective: nn.Module, folder: str) -> None:
    """Weights and optimizer states from a checkpoint."""
    if accelerator.is_fsdp2:
        accelerator.load_state(folder)
    else:
        whole = all(parameter.requires_grad for parameter in objective.parameters())
        accelerator.load_state(folder, strict=whole)


def _drop_frozen(models: list[nn.Module], weights: list[dict[str, Any]], folder: str) -> None:
    """Frozen weights are those of the base: a checkpoint holds the trained ones only."""
    for model, state in zip(models, weights, strict=True):
        frozen = {name for name, p in model.named_parameters() if not p.requires_grad}
        if frozen:
            kept = {name for name, p in model.named_parameters() if p.requires_grad}
            for name in [name for name in state if name not in kept]:
                del state[name]


def unsharder(accelerator: Accelerator, model: PreTrainedModel) -> Callable[[nn.Module], None]:
    """A function that makes a model whole again after training.

    Args:
        accelerator: Of the run.
        model: Not yet sharded.

    Returns:
        To be called in every process with what `prepare` made of the objective
        (whose field `model` is the model). Afterwards `model` is an ordinary
        model on the CPU in the main process. It does nothing to a model that
        was not sharded.
    """
    if not accelerator.is_fsdp2:
        return lambda objective: None
    # The same modules without their weights: the sharded ones cannot be turned back.
    empty = {
        id(p): nn.Parameter(torch.empty(0, dtype=p.dtype), p.requires_grad)
        for p in model.parameters()
    }
    whole = copy.deepcopy(model, empty)

    def unshard(objective: nn.Module) -> None:
        state = accelerator.get_state_dict(objective)
        if accelerator.is_main_process:
            for name, parameter in whole.named_parameters():  # a tied one once
                parameter.data = state[f"model.{name}"]
            model.__dict__ = whole.__dict__

    return unshard
