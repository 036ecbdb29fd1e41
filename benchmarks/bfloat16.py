"""Training in bfloat16 on a CPU, beside float32: an update both ways, and what comes of a hundred of them."""
from dataclasses import replace

import torch

from benchmarks.common import row, save, take_turns, ms, ratio
from benchmarks.compiling import CASES, updates
from diffprop.lab.devices import keep_memory
from diffprop.lab.presets import configure


def of_case(name, rounds):
    "Rows of a case"
    *names, shape, _ = CASES[name]
    images = torch.randint(256, (2000, *shape), generator=torch.Generator().manual_seed(0)).byte()
    config = replace(configure(*names), compile=False)
    sides = {amp: updates(replace(config, amp=amp), shape, images) for amp in (False, True)}
    seconds = take_turns({str(amp): call for amp, (call, *_) in sides.items()}, rounds)
    exact, coarse = (losses for _, losses, _ in sides.values())
    off = max(abs(p - q)/abs(p) for p, q in zip(exact, coarse))
    note = 'difference: of the losses, the largest relative one'
    yield row(name, 'an update in bfloat16 over one in float32', ratio(seconds, 'True', 'False'), '',
              ms(seconds, 'True'), ms(seconds, 'False'), off, note)


def main(full=False):
    keep_memory()
    rounds = dict(zip(CASES, (100, 30, 15) if full else (40, 15, 9)))
    return save('bfloat16', [made for name in CASES for made in of_case(name, rounds[name])])
