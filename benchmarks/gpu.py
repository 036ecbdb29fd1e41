"""On a GPU: a step of the CIFAR-10 network in bfloat16, images sampled a second, MMD^2 and refinement.

The step is measured plain and channels-last, beside diffusers' with the same weights and
denoising-diffusion-pytorch's; with --full compiled, too, ours and diffusers', which takes minutes before
anything is timed. Wall-clock time, since a GPU works on its own. Without a GPU nothing is measured.
"""
import copy
import time
from functools import partial

import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.common import row, save
from benchmarks.mmd import official
from benchmarks.unet import networks, step
from diffprop.error import mmd2
from diffprop.refine import refine
from diffprop.schedule import Schedule, sample

COMPILED = 'channels-last, compiled'


class Clock:
    "Wall-clock seconds of calls on a device; a CPU can rehearse with few repeats"
    def __init__(self, device, repeats=6):
        self.device, self.repeats = device, repeats

    def _run(self, call, repeats):
        wait = torch.cuda.synchronize if self.device == 'cuda' else lambda: None
        wait()
        begin = time.perf_counter()
        for _ in range(repeats): call()
        wait()
        return (time.perf_counter() - begin)/repeats

    def seconds(self, call, repeats=None):
        "Median of five means, after a warm-up"
        for _ in range(2): call()
        return sorted(self._run(call, repeats or self.repeats) for _ in range(5))[2]

    def peak_megabytes(self, call):
        "Memory that a call takes at most, beyond what is held; 0 on a CPU"
        if self.device == 'cuda': torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated() if self.device == 'cuda' else 0
        call()
        return (torch.cuda.max_memory_allocated() - before)/2**20 if self.device == 'cuda' else 0.


def last(v): return v.to(memory_format=torch.channels_last)


def in_bfloat16(call, device):
    def run():
        with torch.autocast(device, torch.bfloat16): return call()
    return run


def steps(three, device, x, t, target, compiled=True):
    "{name: a step, in bfloat16}; what is to be compiled is compiled here"
    ours, theirs, third = three
    own, other = last(copy.deepcopy(ours)), last(copy.deepcopy(theirs))
    calls = {'plain': step(ours, x, t, target), 'channels-last': step(own, last(x), t, target),
             'diffusers, plain': step(theirs, x, t - 1, target),
             'denoising-diffusion-pytorch, plain': step(third, x, t - 1, target)}
    if compiled:
        calls[COMPILED] = step(torch.compile(own), last(x), t, target)
        calls[f'diffusers, {COMPILED}'] = step(torch.compile(other), last(x), t - 1, target)
    calls = {name: in_bfloat16(call, device) for name, call in calls.items()}
    for call in calls.values(): call()
    return calls


def of_steps(calls, clock, flops, case, card, side):
    "Rows of the step, and its share of the bfloat16 peak of a matrix product"
    took = {name: clock.seconds(call) for name, call in calls.items()}
    own = {name: s for name, s in took.items() if not name.startswith(('diffusers', 'denoising'))}
    best, plain = min(own, key=own.get), own['plain']
    for name, s in own.items():
        yield row(case, f'{name} over plain', s/plain, '', 1e3*s, 1e3*plain, note=card)
    for name, s in took.items():
        if name in own: continue
        mine = own[COMPILED if 'compiled' in name else 'plain']
        yield row(case, f'over {name}', mine/s, '<= 1.0', 1e3*mine, 1e3*s)
    a, b = torch.randn(2, side, side, device=clock.device, dtype=torch.bfloat16)
    peak = 2*side**3/clock.seconds(lambda: a @ b)
    note = f'the matrix product does {peak*1e-12:.0f} TFLOP/s, the step {flops/own[best]*1e-12:.0f}'
    yield row(f'{case}, {best}', 'share of the bfloat16 peak of a matrix product', flops/own[best]/peak,
              note=note)


def of_sampling(ours, clock, n):
    "Images a second"
    shape = ours.config['channels'], ours.config['size'], ours.config['size']
    network, chain = last(copy.deepcopy(ours)).eval(), Schedule.linear()
    def model(x, t): return network(x, t).float()
    def draw(): sample(chain, model, n, shape, seed=0, batch_size=n, steps=10, device=clock.device)
    rate = n/clock.seconds(in_bfloat16(draw, clock.device), 1)
    yield row('sampling, 10 evaluations an image', 'images a second', rate)


def of_mmd(clock, n, K=3072):
    "Time and memory of MMD^2 beside the official estimator's, with and without a gradient"
    x, y = torch.randn(2, n, K, device=clock.device)
    ours, theirs = partial(mmd2, x, y, 'mixture'), partial(official, x, y)
    case, words = f'N = M = {n}, K = {K}, mixture', "over the official estimator's"
    off = abs(ours().item()/theirs().item() - 1)
    a, b = (clock.seconds(call) for call in (ours, theirs))
    yield row(case, f'time {words}', a/b, '<= 1.0', 1e3*a, 1e3*b, off)
    own, other = (clock.peak_megabytes(call) for call in (ours, theirs))
    yield row(case, f'extra memory {words}', own/other if other else float('nan'), '<= 0.5',
              note=f'{own:.0f} MB against {other:.0f} MB')
    x.requires_grad_()
    a, b = (clock.seconds(lambda: call().backward()) for call in (ours, theirs))
    yield row(f'{case}, with gradient', f'time {words}', a/b, '<= 1.0', 1e3*a, 1e3*b)


def of_refinement(ours, clock, updates, batch):
    "Milliseconds of an update, by the loss: the paper's and, as the peer, the whole chain's of MMD-DDM"
    c, made = ours.config, {}
    g = torch.Generator().manual_seed(0)
    images = torch.randint(256, (4*batch, c['channels'], c['size'], c['size']), generator=g).byte()
    plan = dict(steps=10, updates=updates, every=updates, batch_size=batch, samples=batch,
                margin=-float('inf'))
    for loss in ('bootstrap', 'whole'):
        network = last(copy.deepcopy(ours)).requires_grad_(True)
        run = partial(refine, network, Schedule.linear(), images, loss=loss, device=clock.device, **plan)
        run()  # warms up
        taken = []
        memory = clock.peak_megabytes(lambda: taken.append(run().seconds))
        made[loss] = 1e3*taken[0]/updates, memory
    (own, mine), (other, theirs) = made['bootstrap'], made['whole']
    case = f'refine in 10 steps, batch {batch}'
    yield row(case, "an update over the whole chain's", own/other, '<= 1.0', own, other)
    yield row(case, "extra memory over the whole chain's", mine/theirs if theirs else float('nan'),
              note=f'refine: {mine:.0f} MB against {theirs:.0f} MB')


def measured(three, clock, card, batch=128, side=8192, n=1000, updates=10, compiled=True):
    "Yield the rows part by part, for (ours, diffusers', denoising-diffusion-pytorch's)"
    three = [n.to(clock.device) for n in three]
    c = three[0].config
    x, target = torch.randn(2, batch, c['channels'], c['size'], c['size'], device=clock.device)
    t = torch.randint(1, 1001, (batch,), device=clock.device)
    with FlopCounterMode(display=False) as count: step(three[0], x, t, target)()
    calls = steps(three, clock.device, x, t, target, compiled)
    yield of_steps(calls, clock, count.get_total_flops(), f'CIFAR-10 step, batch {batch}', card, side)
    yield of_refinement(three[0], clock, updates, batch)
    yield of_sampling(three[0], clock, 4*batch)
    yield of_mmd(clock, n)


def main(full=False):
    if not torch.cuda.is_available(): return print('\ngpu: this torch sees no GPU; nothing measured')
    torch.set_float32_matmul_precision('high')
    three, card, rows = networks('CIFAR-10, 32x32'), torch.cuda.get_device_name(), []
    for part in measured(three, Clock('cuda'), card, compiled=full):
        rows += part
        table = save('gpu', rows)  # what is done stands where time runs out
    return table
