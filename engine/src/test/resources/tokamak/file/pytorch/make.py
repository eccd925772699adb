"""Writes the files of this folder: one small state dict in both forms of torch.save, and files that must be refused.

    python3 make.py        (PyTorch 1.6 or later)
"""

import collections
import os
import pathlib
import zipfile

import torch

FOLDER = pathlib.Path(__file__).parent


class Attack:
    def __reduce__(self):
        return os.system, ("touch attacked",)


def state():
    whole = torch.arange(12, dtype=torch.float32).reshape(3, 4)
    return collections.OrderedDict(
        whole=whole,
        tied=whole,
        tail=whole[1:],
        transposed=whole.t(),
        column=whole[:, 1],
        parameter=torch.nn.Parameter(torch.tensor([0.5, -2.0])),
        bf16=torch.tensor([1.5, -3.0], dtype=torch.bfloat16),
        half=torch.tensor([[0.25], [65504.0]], dtype=torch.float16),
        index=torch.tensor([3, -1], dtype=torch.int64),
        flag=torch.tensor([True, False]),
        scalar=torch.tensor(7.0),
        empty=torch.empty(0, 4),
        step=17,
    )


def main():
    torch.save(state(), FOLDER / "zip.bin")
    torch.save(dict(state()), FOLDER / "legacy.bin", _use_new_zipfile_serialization=False)
    torch.save({"epoch": 3, "state_dict": state(), "history": [1, (2, None)]}, FOLDER / "wrapped.bin")
    torch.save({"w": torch.zeros(1).expand(1000, 1000)}, FOLDER / "expanded.bin")
    torch.save({"w": torch.zeros(2), "note": Attack()}, FOLDER / "attack.bin")
    torch.save({"w": torch.zeros(2), "note": Attack()}, FOLDER / "attack-legacy.bin", _use_new_zipfile_serialization=False)
    torch.save([1, 2], FOLDER / "no-tensors.bin")
    with zipfile.ZipFile(FOLDER / "zip.bin") as source, zipfile.ZipFile(
        FOLDER / "compressed.bin", "w", zipfile.ZIP_DEFLATED
    ) as target:
        for name in source.namelist():
            target.writestr(name, source.read(name))


main()
