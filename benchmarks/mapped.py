"""A set of images in a file that is larger than what may be held: the memory of each thing done with it.

What counts is anonymous memory (RssAnon of /proc/self/status): pages of a file are dropped when room is
needed. Linux alone has it; elsewhere nothing is measured.
"""
import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

from benchmarks.common import ROOT, row

FEW, MANY = 1000, 488_282  # images; 3 MB and 1.5 GB
STATUS = Path('/proc/self/status')


def anonymous() -> float:  # MB
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith('RssAnon'))
    return int(line.split()[1])*1.024e-3


def highest(call) -> float:  # MB
    "The most anonymous memory while a call runs, looked at every 5 ms"
    found, done = [anonymous()], threading.Event()
    def watch():
        while not done.wait(.005): found.append(anonymous())
    watcher = threading.Thread(target=watch)
    watcher.start()
    try: call()
    finally:
        done.set()
        watcher.join()
    return max(found)


def tiny_space():
    "A feature space of a random network, 128 wide: 0.5 GB of features of the large set"
    import torch
    from diffprop.lab import fidelity
    class Tiny(torch.nn.Module):
        width = 128
        def __init__(self):
            super().__init__()
            self.conv = torch.nn.Conv2d(3, 128, 8, 16)
        def features(self, x): return self.conv(x.float()/255).mean((2, 3))
    fidelity.NETWORKS['tiny'] = Tiny
    return fidelity.FeatureSpace('tiny', 128, 'random', Tiny().state_dict())


def steps(file, folder):
    "(what, a call) in their order"
    from diffprop.adapters import Adapted
    from diffprop.lab.config import Config, make_schedule
    from diffprop.lab.data import load_images
    from diffprop.lab.fidelity import fidelity
    from diffprop.lab.sets import selected
    from diffprop.lab.training import train
    from diffprop.measure import measure
    import torch
    config = Config(T=10, beta_1=1e-2, beta_T=.8, width=8, mults=(1,), blocks=1, attention=(), steps=20,
                    batch_size=16, dropout=0.)
    images, space, schedule = load_images(file), tiny_space(), make_schedule(config)
    yield '20 updates', lambda: train(config, images, folder/'run', log_every=10, checkpoint_every=20)
    network = train(config, images, folder/'run')
    model = Adapted(network, schedule, images.shape[1:], clip=True, network=network)
    yield 'measure', lambda: measure(model, images, n=100, times=[0, 10], kernels=('gaussian',))
    few = images[::len(images)//500][:500].clone()
    yield 'FID', lambda: fidelity(few, images, space, keep=True, root=folder)
    order = torch.randperm(len(images))
    yield 'four fifths apart', lambda: selected(images, order[len(order)//5:].sort().values, folder)


def measured(n) -> dict:  # what: MB
    "In a process of its own"
    with tempfile.TemporaryDirectory() as folder:
        file, draw = Path(folder)/'images.npy', np.random.default_rng(0)
        images = np.lib.format.open_memmap(file, 'w+', np.uint8, (n, 32, 32, 3))
        for i in range(0, n, 5000): images[i:i + 5000] = draw.integers(0, 256, images[i:i + 5000].shape)
        del images
        return {what: highest(call) for what, call in steps(file, Path(folder))}


def rows():
    if not STATUS.exists(): return
    begin, found = time.time(), []
    for n in (FEW, MANY):
        command = [sys.executable, '-m', 'benchmarks.mapped', str(n)]
        out = subprocess.check_output(command, cwd=ROOT, text=True)
        found.append(json.loads(out.splitlines()[-1]))
    for what, few in found[0].items():
        case, much = f'{what}, {MANY:,} images in a file of 1.5 GB', found[1][what]
        yield row(case, f'MB held above what {FEW:,} take', much - few, '<= 300') | dict(
            points=f'{FEW}:{few:.0f} {MANY}:{much:.0f}')
    print(f'mapped sets: {time.time() - begin:.0f} s', flush=True)


if __name__ == '__main__': print(json.dumps(measured(int(sys.argv[1]))))
