"""What the consistency regularizer costs, in vanilla training steps, and what memory it takes.

k modules are unrolled, in five ways. The step is Algorithm 1's, with the vanilla loss's backward pass run
before the chain is built, so that the two graphs never stand in memory together.
"""
import torch
from torch import nn

from benchmarks.common import ms, ratio, row, save, take_turns
from diffprop.bootstrap import consistency_loss, nll_loss
from diffprop.lab.checkpoints import State
from diffprop.lab.config import Config, make_schedule
from diffprop.lab.devices import keep_memory, peak_memory
from diffprop.schedule import seeded

MODES = {  # name: (the batch is divided by, gradient, cost in theory in vanilla steps)
    'whole': (1, 'whole', lambda k: 1 + k),
    'half batch': (2, 'whole', lambda k: 1 + k/2),
    'last': (1, 'last', lambda k: 2 + (k - 1)/3),
    'checkpointed': (1, 'checkpointed', lambda k: 1 + 4*k/3),
    'last, half batch': (2, 'last', lambda k: 1.5 + (k - 1)/6),
}
DIGITS = dict(T=100, beta_1=1e-3, beta_T=.2, width=16, mults=(1, 1), blocks=1, attention=(), dropout=0.,
              batch_size=64, channels_last=True)  # as in the preset
COLOUR = dict(DIGITS, width=32, mults=(1, 2), batch_size=8, channels_last=False)  # arithmetic prevails
CASES = {  # name: (fields of Config, an image's shape, modules unrolled)
    '32x32': (COLOUR, (3, 32, 32), (1, 2, 3, 4)),
    'digits, 8x8': (DIGITS, (1, 8, 8), (1, 4)),
}
BOUNDS = {'whole': '', 'half batch': '', 'last': '<= 1.1', 'checkpointed': '<= 1.7'}  # of the peak memory
NOTE = '32x32: width 32, batch 8; digits: width 16, batch 64, where what does not grow with the batch ' \
       '(Python, the optimizer) counts too'


def setting(config, shape):
    c = Config.of(**config)
    x = torch.randn(c.batch_size, *shape, generator=seeded(0)).clamp(-1, 1)
    return State(c, shape), make_schedule(c), x


def seed_for(schedule, x, k, t):
    "A seed with which `consistency_loss` at t and L = k unrolls all k modules"
    def length(seed):
        calls = []
        model = lambda x, t: calls.append(1) or 0*x
        consistency_loss(schedule, model, x, x, generator=seeded(seed), L=k, t=t)
        return len(calls)
    return next(seed for seed in range(1000) if length(seed) == k)


def unrolled(state, schedule, x, mode, k, t):
    "The regularizer with k modules in one of the modes, ready to be called"
    share, gradient, _ = MODES[mode]
    part = x[:len(x)//share]
    seed = seed_for(schedule, part, k, t)
    return lambda: consistency_loss(schedule, state.network, part, part, generator=seeded(seed), L=k, t=t,
                                    gradient=gradient)


def step(state, schedule, x, mode=None, k=0, t=20):
    "A training step, ready to be called: vanilla, or with k modules unrolled"
    regularizer = unrolled(state, schedule, x, mode, k, t) if mode else None
    def run():
        state.optimizer.zero_grad(set_to_none=True)
        nll_loss(schedule, state.network, x, generator=seeded(1)).backward()
        if mode: (.2*regularizer()).backward()
        nn.utils.clip_grad_norm_(state.network.parameters(), 1., foreach=True)
        state.optimizer.step()
        state.update_average()
    return run


def gradient_gap(k=3):
    "Largest difference between the gradients of 'checkpointed' and 'whole', over the largest entry"
    state, schedule, x = setting(DIGITS, (1, 8, 8))
    parameters = list(state.network.parameters())
    def gradient(mode):
        loss = unrolled(state, schedule, x, mode, k, 20)()
        slopes = torch.autograd.grad(loss, parameters, allow_unused=True, materialize_grads=True)
        return torch.cat([s.flatten() for s in slopes])
    whole, other = gradient('whole'), gradient('checkpointed')
    return ((whole - other).abs().max()/whole.abs().max()).item()


def steps(name):
    "Steps ready to be called: 'vanilla', and (mode, k)"
    config, shape, lengths = CASES[name]
    given = setting(config, shape)
    calls = {(mode, k): step(*given, mode, k) for mode in MODES for k in lengths}
    return {'vanilla': step(*given)} | calls


def times(name, calls, rounds):
    seconds = take_turns(calls, rounds)
    for mode, k in list(calls)[1:]:
        cost, theory = ratio(seconds, (mode, k), 'vanilla'), MODES[mode][2](k)
        times = ms(seconds, (mode, k)), ms(seconds, 'vanilla')
        gap = gradient_gap(k) if mode == 'checkpointed' else None
        measured = f'step over vanilla / theory {theory:.2f}'
        line = row(f'{name}, {mode}, k = {k}', measured, cost/theory, '<= 1.1', *times, gap, NOTE)
        yield line | dict(mode=mode, k=k, cost=cost)


def memory(name, calls):
    vanilla = peak_memory(calls['vanilla'])
    note = f'memory above what is held between steps, counted; vanilla {vanilla/2**20:.0f} MB'
    for mode, bound in BOUNDS.items():
        for k in (1, 4):
            share = peak_memory(calls[mode, k])/vanilla
            yield row(f'{name}, {mode}, k = {k}', "peak memory over vanilla's", share, bound, note=note)


def main(full=False):
    keep_memory()  # as the workers that train do
    calls = {name: steps(name) for name in CASES}
    rounds = {'32x32': 9 if full else 3, 'digits, 8x8': 9 if full else 5}
    rows = [r for name in CASES for r in times(name, calls[name], rounds[name])]
    return save('regularizer', [*rows, *memory('32x32', calls['32x32'])])
