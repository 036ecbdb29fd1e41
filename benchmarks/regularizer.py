"""What the consistency regularizer costs, in vanilla training steps, and what memory it takes: k modules unrolled, in five ways.

The step is Algorithm 1's with the vanilla loss's backward pass run before the chain is built, so that the two graphs never stand in memory together."""
import torch
from torch import nn

from benchmarks.common import ms, ratio, row, save, take_turns
from diffprop.schedule import seeded
from diffprop.bootstrap import consistency_loss, nll_loss
from diffprop.lab.devices import keep_memory, peak_memory
from diffprop.lab.config import Config, make_schedule
from diffprop.lab.checkpoints import State

MODES = {  # name: (the batch is divided by, gradient, cost in theory in vanilla steps)
    'whole': (1, 'whole', lambda k: 1 + k),
    'half batch': (2, 'whole', lambda k: 1 + k/2),
    'last': (1, 'last', lambda k: 2 + (k - 1)/3),
    'checkpointed': (1, 'checkpointed', lambda k: 1 + 4*k/3),
    'last, half batch': (2, 'last', lambda k: 1.5 + (k - 1)/6),
}
DIGITS = dict(T=100, beta_1=1e-3, beta_T=.2, width=16, mults=(1, 1), blocks=1, attention=(), dropout=0., batch_size=64, channels_last=True)  # as in the preset
COLOUR = dict(DIGITS, width=32, mults=(1, 2), batch_size=8, channels_last=False)  # 32 x 32 pixels: here arithmetic outweighs all else
NOTE = '32x32: width 32, batch 8; digits: width 16, batch 64, where what does not grow with the batch (Python, the optimizer) counts too'

def setting(config, shape):
    c = Config.of(**config)
    return State(c, shape), make_schedule(c), torch.randn(c.batch_size, *shape, generator=seeded(0)).clamp(-1, 1)

def seed_for(schedule, x, k, t):
    "A seed with which `consistency_loss` at t and L = k unrolls all k modules"
    def length(seed):
        calls = []
        consistency_loss(schedule, lambda x, t: calls.append(1) or 0*x, x, x, generator=seeded(seed), L=k, t=t)
        return len(calls)
    return next(seed for seed in range(1000) if length(seed) == k)

def step(state, schedule, x, mode=None, k=0, t=20):
    "A training step, ready to be called: vanilla, or with k modules unrolled in one of the modes"
    if mode:
        share, gradient, _ = MODES[mode]
        part = x[:len(x)//share]
        seed = seed_for(schedule, part, k, t)
    def run():
        state.optimizer.zero_grad(set_to_none=True)
        nll_loss(schedule, state.network, x, generator=seeded(1)).backward()
        if mode: (.2*consistency_loss(schedule, state.network, part, part, generator=seeded(seed), L=k, t=t, gradient=gradient)).backward()
        nn.utils.clip_grad_norm_(state.network.parameters(), 1., foreach=True)
        state.optimizer.step(); state.update_average()
    return run

def gradient_gap(k=3):
    "Largest difference between the gradients of 'checkpointed' and 'whole', over the largest entry"
    state, schedule, x = setting(DIGITS, (1, 8, 8))
    def gradient(mode):
        loss = consistency_loss(schedule, state.network, x, x, generator=seeded(seed_for(schedule, x, k, 20)), L=k, t=20, gradient=mode)
        return torch.cat([g.flatten() for g in torch.autograd.grad(loss, list(state.network.parameters()), allow_unused=True, materialize_grads=True)])
    whole, other = gradient('whole'), gradient('checkpointed')
    return ((whole - other).abs().max()/whole.abs().max()).item()

def main(full=False):
    keep_memory()  # as the workers of `run_all` train
    rows = []
    for name, config, shape, lengths in (('32x32', COLOUR, (3, 32, 32), (1, 2, 3, 4)), ('digits, 8x8', DIGITS, (1, 8, 8), (1, 4))):
        state, schedule, x = setting(config, shape)
        calls = {'vanilla': step(state, schedule, x)} | {f'{mode} {k}': step(state, schedule, x, mode, k) for mode in MODES for k in lengths}
        seconds = take_turns(calls, 9 if full else 3 if name == '32x32' else 5)
        for mode, (_, _, theory) in MODES.items():
            for k in lengths:
                took = ratio(seconds, f'{mode} {k}', 'vanilla')
                rows.append(row(f'{name}, {mode}, k = {k}', f'step over vanilla / theory {theory(k):.2f}', took/theory(k), '<= 1.1', ms(seconds, f'{mode} {k}'), ms(seconds, 'vanilla'),
                                gradient_gap(k) if mode == 'checkpointed' else None, note=NOTE) | dict(mode=mode, k=k, cost=took))
        if name == '32x32': memory = {key: peak_memory(call)/2**20 for key, call in calls.items()}
    for mode, bound in (('whole', ''), ('half batch', ''), ('last', '<= 1.1'), ('checkpointed', '<= 1.7')):
        for k in (1, 4): rows.append(row(f'32x32, {mode}, k = {k}', "peak memory over vanilla's", memory[f'{mode} {k}']/memory['vanilla'], bound, note=f'memory above what is held between steps, counted; vanilla {memory["vanilla"]:.0f} MB'))
    return save('regularizer', rows)
