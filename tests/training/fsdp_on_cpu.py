"""`surefoot` with its model in shares on CPUs: `torchrun -m fsdp_on_cpu train prm ...`.

Accelerate shards on accelerators only; torch does on CPUs too. So what
Accelerate would set up on GPUs, with the settings of docs/accelerate/fsdp2.yaml,
is set up here by hand, and everything after that is the same code.
"""

import atexit
import os
import sys
from pathlib import Path
from typing import Any

import yaml

CONFIG = Path(__file__).resolve().parents[2] / "docs" / "accelerate" / "fsdp2.yaml"


def environment() -> dict[str, str]:
    """What `accelerate launch --config_file` makes of the file."""
    config = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    found = {"ACCELERATE_USE_FSDP": "true"}
    for name, value in config["fsdp_config"].items():
        found[name.upper()] = str(value).lower() if isinstance(value, bool) else str(value)
    return found


def check_parted() -> None:
    """A process that still waits for others when Python ends is aborted now and then."""
    import torch

    if torch.distributed.is_initialized():
        sys.stderr.write("the process group is still there\n")
        sys.stderr.flush()
        os._exit(9)


def main() -> int:
    """Sets up, then runs the command line."""
    atexit.register(check_parted)  # the first, so it is called last
    os.environ.update(environment())
    from accelerate import Accelerator, PartialState
    from accelerate.state import AcceleratorState
    from accelerate.utils import DistributedType

    from surefoot.cli import main as surefoot

    plain = Accelerator.__init__

    def sharding(self: Any, *arguments: Any, **settings: Any) -> None:
        plain(self, *arguments, **settings)
        if self.distributed_type == DistributedType.MULTI_CPU:
            from accelerate.utils import FullyShardedDataParallelPlugin

            # As AcceleratorState does on GPUs.
            for state in (PartialState, AcceleratorState):
                state._shared_state["distributed_type"] = DistributedType.FSDP
            self.state.fsdp_plugin = FullyShardedDataParallelPlugin()

    Accelerator.__init__ = sharding
    return surefoot(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
