"""Models as PyTorch writes them: a program of TorchScript, and an ONNX graph.

    torched.py FOLDER
"""

import os
import sys

import torch


class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 2)

    def forward(self, x):
        return torch.softmax(self.layer(x), 1)


folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
network, row = Network(), torch.zeros(1, 4)
torch.jit.script(network).save(f"{folder}/script.pt")
torch.save(network.state_dict(), f"{folder}/weights.pt")
torch.onnx.export(network, row, f"{folder}/network.onnx", input_names=["x"], output_names=["y"],
                  dynamic_axes={"x": {0: "batch"}, "y": {0: "batch"}})
