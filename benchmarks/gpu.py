"""On a GPU: step time in bfloat16 of the CIFAR-10 network, share of the card's peak, images sampled a second.

The step is measured plain, channels-last and compiled, against diffusers and denoising-diffusion-pytorch,
each plain and compiled, in wall-clock time, since a GPU works on its own. Without a GPU nothing is measured.
"""
import time

import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.common import row, save
from benchmarks.unet import networks, step
from diffprop.schedule import Schedule, sample

COMPILED = 'channels-last, compiled'


class Clock:
    "Wall-clock seconds of calls on a device; a CPU can rehearse with few repeats"
    def __init__(self, device, repeats=20):
        self.device, self.repeats = device, repeats

    def _run(self, call, repeats):
        wait = torch.cuda.synchronize if self.device == 'cuda' else lambda: None
        wait()
        begin = time.perf_counter()
        for _ in range(repeats): call()
        wait()
        return (time.perf_counter() - begin)/repeats

    def seconds(self, call, repeats=None):
        "Fastest of three means, after a warm-up that also compiles"
        for _ in range(5): call()
        return min(self._run(call, repeats or self.repeats) for _ in range(3))

    def step(self, network, x, t, target):
        call = step(network, x, t, target)
        def run():
            with torch.autocast(self.device, torch.bfloat16): call()
        return self.seconds(run)


def last(v): return v.to(memory_format=torch.channels_last)


def steps_here(clock, ours, x, t, target):
    "Seconds of a step, by how it is run; the network is channels-last afterwards"
    took = {'plain': clock.step(ours, x, t, target)}
    took['channels-last'] = clock.step(last(ours), last(x), t, target)
    took[COMPILED] = clock.step(torch.compile(ours), last(x), t, target)
    graphs = torch.compile(ours, mode='reduce-overhead')
    took[f'{COMPILED}, CUDA graphs'] = clock.step(graphs, last(x), t, target)
    return took


def beside_peers(clock, peers, took, x, t, target):
    "Rows of each peer, plain and compiled"
    for name, network in peers.items():
        theirs = {'plain': clock.step(network, x, t - 1, target)}
        theirs[COMPILED] = clock.step(torch.compile(last(network)), last(x), t - 1, target)
        for how, v in theirs.items():
            yield row(f'{how} here', f'over {name}, {how}', took[how]/v, '<= 1.0', 1e3*took[how], 1e3*v)


def images_a_second(clock, ours, n):
    shape = ours.config['channels'], ours.config['size'], ours.config['size']
    model = lambda x, t: ours(x, t).float()
    def draw():
        with torch.autocast(clock.device, torch.bfloat16):
            sample(Schedule.linear(), model, n, shape, seed=0, batch_size=n, steps=10, device=clock.device)
    return n/clock.seconds(draw, 1)


def measured(three, clock, card, batch=128, side=8192):
    "The rows, for (ours, diffusers', denoising-diffusion-pytorch's)"
    ours, theirs, third = (n.to(clock.device) for n in three)
    c, size = ours.config['channels'], ours.config['size']
    x, target = torch.randn(2, batch, c, size, size, device=clock.device)
    t = torch.randint(1, 1001, (batch,), device=clock.device)
    with FlopCounterMode(display=False) as count: step(ours, x, t, target)()
    took, case = steps_here(clock, ours, x, t, target), f'CIFAR-10 step, batch {batch}'
    plain = took['plain']
    rows = [row(case, f'{how} over plain', v/plain, '', 1e3*v, 1e3*plain, note=card)
            for how, v in took.items()]
    peers = {'diffusers': theirs, 'denoising-diffusion-pytorch': third}
    rows += beside_peers(clock, peers, took, x, t, target)
    a, b = torch.randn(2, side, side, device=clock.device, dtype=torch.bfloat16)
    best, peak = min(took, key=took.get), 2*side**3/clock.seconds(lambda: a @ b)
    share = count.get_total_flops()/took[best]/peak
    rows.append(row(best, 'share of the bfloat16 peak of a matrix product', share))
    rate = .1*images_a_second(clock, ours, 4*batch)  # 10 evaluations are timed, for 100
    return [*rows, row('sampling, 100 evaluations an image', 'images a second', rate)]


def main(full=False):
    if not torch.cuda.is_available(): return print('\ngpu: this torch sees no GPU; nothing measured')
    torch.set_float32_matmul_precision('high')
    return save('gpu', measured(networks('CIFAR-10, 32x32'), Clock('cuda'), torch.cuda.get_device_name()))
