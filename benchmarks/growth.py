"""How time and memory grow: `measure`, the regularizer, training, `refine` and the theorem, over two decades.

An exponent is the slope of the least-squares line through the logarithms of the larger half of the points,
where what does not grow any more counts for little. Its bound is what the arithmetic asks for. The last rows
are of a set of images in a file, which no step may hold in memory.
"""
import time
from functools import partial

import numpy as np
import torch

from benchmarks import mapped
from benchmarks.common import cpu_seconds, row, save
from benchmarks.regularizer import DIGITS, seed_for
from diffprop.bootstrap import consistency_loss, nll_loss
from diffprop.error import error_dynamics, mmd2
from diffprop.lab.config import Config, make_schedule
from diffprop.lab.checkpoints import State
from diffprop.lab.devices import keep_memory, peak_memory
import diffprop.samplers  # for `Schedule.trailing`
from diffprop.schedule import Schedule, sample, seeded
from diffprop.short_chain import Plan, ShortChain, update_gradients
from diffprop.theorem import Mixture, gaussian_chain, grid_chain

IMAGE = (1, 8, 8)
UP = '<= {}'


def idle(x, t): return 0*x


def images(n, *shape): return torch.randn(n, *(shape or IMAGE), generator=seeded(n)).clamp(-1, 1)


def network(): return State(Config.of(**DIGITS), IMAGE).network


def estimate(n=1000, k=64): return partial(mmd2, images(n, k), images(n, k), 'gaussian')


def measuring(n=500, k=64, T=2):
    "Error curve at every t of a model that costs nothing"
    schedule, data = Schedule.linear(T, 1e-4, min(.5, 10/T)), images(2*n, k)
    return partial(error_dynamics, idle, schedule, data, n=n, kernels=('gaussian',))


def unroll(batch=64, L=3, gradient='whole'):
    "The regularizer and its gradient, L modules unrolled"
    schedule, net, x = make_schedule(Config.of(**DIGITS)), network(), images(batch)
    seed = seed_for(schedule, x, L, 1)
    def call():
        how = dict(generator=seeded(seed), L=L, t=1, gradient=gradient)
        consistency_loss(schedule, net, x, x.flip(0), **how).backward()
    return call


def training(batch=64):
    "The noise loss and its gradient"
    schedule, net, x = make_schedule(Config.of(**DIGITS)), network(), images(batch)
    return lambda: nll_loss(schedule, net, x, generator=seeded(0)).backward()


def refining(batch=128, n=10):
    "The gradients of an update of `refine`, for n steps"
    schedule = Schedule.linear(1000, 1e-4, .02).trailing(n)
    plan = Plan(batch_size=batch, noise_batch=min(batch, 64))
    chain = ShortChain(schedule, network(), images(2*batch), plan)
    return lambda: update_gradients(chain, 1, [], [(1., 1.)]*n)


def sampling(n=100, T=10):
    schedule, net = Schedule.linear(T, 1e-4, min(.5, 10/T)), network()
    return partial(sample, schedule, net, n, IMAGE, seed=0)


def exactly(T=100): return partial(gaussian_chain, Schedule.linear(T, 1e-4, .02), .25, .1)


def on_a_grid(points=200, T=2):
    "The theorem's terms of a mixture, by sums over a grid, for a network that sees no noise"
    mixture = Mixture(torch.tensor([.5, .5]), torch.tensor([[-1.], [1.]]), torch.ones(2, 1))
    schedule, grid = Schedule.linear(T, .3, .5), torch.linspace(-12, 12, points, dtype=torch.float64)
    return partial(grid_chain, schedule, idle, mixture, grid)


SWEEPS = [  # what, against what, how it is made, values, bounds of the exponents of time and of memory
    ('squared MMD', 'N', estimate, 'n', (100, 300, 1000, 3000, 10_000), 2, 1),
    ('squared MMD', 'K', estimate, 'k', (64, 256, 1024, 4096, 12_288), 1, 1),
    ('measure, every t', 'N', measuring, 'n', (100, 300, 1000, 3000, 10_000), 2, 1),
    ('measure, every t', 'T', measuring, 'T', (2, 6, 20, 60, 200), 1, 0),
    ('sampling', 'N', sampling, 'n', (20, 60, 200, 600, 2000), 1, 1),
    ('sampling', 'T', sampling, 'T', (2, 6, 20, 60, 200), 1, 0),
    ('training step', 'batch', training, 'batch', (8, 25, 80, 250, 800), 1, 1),
    ('regularizer', 'batch', unroll, 'batch', (8, 25, 80, 250, 800), 1, 1),
    ('regularizer', 'L', unroll, 'L', (1, 3, 9, 27, 81), 1, 1),
    ("regularizer, last module's gradient", 'L', partial(unroll, gradient='last'), 'L', (1, 3, 9, 27, 81),
     1, 0),
    ('update of refine', 'batch', refining, 'batch', (8, 25, 80, 250, 800), 1, 1),
    ('update of refine', 'steps', refining, 'n', (2, 6, 20, 60, 200), 1, 0),
    ('theorem, Gaussian', 'T', exactly, 'T', (100, 1000, 10_000, 100_000), 1, 1),
    ('theorem, grid', 'points', on_a_grid, 'points', (40, 120, 400, 1200, 4000), 2, 2),
]


def exponent(x, y):
    "Slope of the line through the logarithms, of the larger half of the points"
    half = len(x)//2
    return float(np.polyfit(np.log(x[half:]), np.log(np.maximum(y[half:], 1)), 1)[0])


def points(x, y): return ' '.join(f'{a}:{b:.4g}' for a, b in zip(x, y))


def sweep(what, against, make, name, values, time_bound, memory_bound, rounds):
    seconds, peaks = [], []
    for value in values:
        call = make(**{name: value})
        call()
        seconds.append(min(cpu_seconds(call) for _ in range(rounds)))
        peaks.append(peak_memory(call))
    case = f'{what}, against {against} = {values[0]:,} to {values[-1]:,}'
    yield row(case, 'exponent of time', exponent(values, [1e6*s for s in seconds]),
              UP.format(time_bound + .15)) | dict(points=points(values, [1e3*s for s in seconds]))
    yield row(case, 'exponent of memory', exponent(values, peaks),
              UP.format(memory_bound + .15)) | dict(points=points(values, [p/1e6 for p in peaks]))


def main(full=False):
    keep_memory()
    rows, begin = [], time.time()
    for one in SWEEPS:
        rows += sweep(*one, rounds=3 if full else 1)
        print(f'{one[0]}, {one[1]}: {time.time() - begin:.0f} s', flush=True)
    save('growth', [*rows, *mapped.rows()])
