"""Trains a small CNN on 8x8 digits with DistributedDataParallel, one process per rank.

RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT say who takes part; without them it trains alone. Ranks whose
role has asked for accelerators train on their GPUs, over NCCL where each has one of its own.
"""

import argparse
import os
import socket
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

# Debian builds its PyTorch without libuv, which newer versions use for the rendezvous unless told not to.
os.environ.setdefault("USE_LIBUV", "0")

RANK = int(os.environ.get("RANK", 0))
WORLD_SIZE = int(os.environ.get("WORLD_SIZE", 1))
MODEL_DIR = Path(os.environ.get("AIP_MODEL_DIR", "output/model/"))
CHECKPOINT = Path(os.environ.get("AIP_CHECKPOINT_DIR", "output/checkpoints/")) / "checkpoint.pt"

HELD_OUT = 360  # a fifth of the 1797 images


def load():
    """Returns (train, held_out), each a pair of images [n, 1, 8, 8] and labels [n]."""
    table = np.loadtxt(Path(__file__).with_name("digits.csv.gz"), delimiter=",", dtype="float32")
    # The file goes writer by writer; the same order on every rank.
    np.random.RandomState(0).shuffle(table)
    labels = torch.from_numpy(table[:, 0]).long()
    images = torch.from_numpy(table[:, 1:]).reshape(-1, 1, 8, 8) / 16
    return (images[:-HELD_OUT], labels[:-HELD_OUT]), (images[-HELD_OUT:], labels[-HELD_OUT:])


def build_model():
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(16, 32, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(32 * 3 * 3, 64),
        nn.ReLU(),
        nn.Linear(64, 10),
    )


def choose_device():
    """The rank's GPU, or the CPU."""
    # Ranks that have asked for none may see the machine's GPUs all the same: all of them the same ones.
    asked = WORLD_SIZE == 1 or "MLCTL_ACCELERATORS" in os.environ
    if not asked or not torch.cuda.is_available():
        return torch.device("cpu")
    # A rank of mlctl's sees its own GPU alone. torchrun starts a rank for each that it sees.
    return torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0)) % torch.cuda.device_count())


def group_for(device):
    """The group that adds up gradients: NCCL's where every rank has a GPU of its own, else gloo's."""
    own = None
    if device.type == "cuda":
        seen = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")
        own = (socket.gethostname(), seen[device.index] if device.index < len(seen) else device.index)
    everybodys = [None] * WORLD_SIZE
    dist.all_gather_object(everybodys, own)
    if None in everybodys or len(set(everybodys)) < WORLD_SIZE:
        return dist.group.WORLD, "gloo"
    return dist.new_group(backend="nccl"), "nccl"


def evaluate(model, images, labels):
    with torch.no_grad():
        return (model(images).argmax(1) == labels).float().mean().item()


def save(what, path):
    """Writes beside and renames, so that a kill leaves the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    torch.save(what, part)
    part.replace(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--batch-size", type=int, default=64, help="over all ranks together")
    parser.add_argument("--learning-rate", type=float, default=0.003)
    args = parser.parse_args()

    device = choose_device()
    group, backend = None, "no other rank"
    if WORLD_SIZE > 1:
        # Rendezvous by MASTER_ADDR and MASTER_PORT. Whatever adds up gradients, ranks meet over gloo.
        dist.init_process_group("gloo", rank=RANK, world_size=WORLD_SIZE)
        group, backend = group_for(device)
    print(f"rank {RANK} of {WORLD_SIZE} on {device}, over {backend}", flush=True)
    torch.manual_seed(0)
    (images, labels), held_out = [[part.to(device) for part in parts] for parts in load()]

    network = build_model().to(device)
    model = network
    if WORLD_SIZE > 1:
        devices = [device] if device.type == "cuda" else None
        model = DistributedDataParallel(network, device_ids=devices, process_group=group)
    optimizer = torch.optim.Adam(model.parameters(), lr=args.learning_rate)

    # Every rank restores, so that all go on from the same epoch.
    first_epoch = 0
    if CHECKPOINT.exists():
        state = torch.load(CHECKPOINT, map_location=device)
        network.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        first_epoch = state["epoch"]
        print(f"resumed from epoch {first_epoch}", flush=True)
    if WORLD_SIZE > 1:
        dist.barrier()  # none may write the next checkpoint while another still reads this one

    share = args.batch_size // WORLD_SIZE
    for epoch in range(first_epoch, args.epochs):
        # The same order on every rank, of which each takes its part of every batch.
        order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(epoch))
        losses = []
        for start in range(0, len(order) - args.batch_size + 1, args.batch_size):
            part = order[start + RANK * share : start + (RANK + 1) * share]
            loss = nn.functional.cross_entropy(model(images[part]), labels[part])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())

        if RANK == 0:
            accuracy = evaluate(network, *held_out)
            state = {
                "model": network.state_dict(),
                "optimizer": optimizer.state_dict(),
                "epoch": epoch + 1,
            }
            save(state, CHECKPOINT)
            print(
                f"epoch={epoch + 1} loss={np.mean(losses):.4f} val_accuracy={accuracy:.4f}",
                flush=True,
            )

    if RANK == 0:
        save(network.state_dict(), MODEL_DIR / "model.pt")
        print(f"accuracy={evaluate(network, *held_out):.4f}")
        print(f"model: {MODEL_DIR / 'model.pt'}")
    if WORLD_SIZE > 1:
        dist.barrier()  # no rank leaves while another still needs it
        dist.destroy_process_group()


if __name__ == "__main__":
    main()
