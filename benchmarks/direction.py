"""What a cheaper regularizer's gradient is worth: its direction and its noise beside those of the full one, for trained vanilla digits networks.

Over many draws the gradient has a mean, which moves the network, and a noise, which does not. Their squared lengths and the angle between two means are
estimated from products of different draws, so without bias. The networks are the vanilla ones of Table 1 (where runs/ has none they are trained first)."""
import time

import pandas as pd
import torch

from benchmarks.common import row, save
from diffprop.schedule import seeded
from diffprop.bootstrap import consistency_loss, nll_loss
from diffprop.lab.data import to_float
from diffprop.lab.devices import keep_memory
from diffprop.lab.config import make_schedule
from diffprop.lab.runs import Lab

VANILLA, FULL = 'noise prediction', 'full'
SETTINGS = {  # what each changes of `consistency_loss`, and 'samples', 64 if not said
    FULL: {},
    'full, U-statistic': dict(biased=False),
    '32 samples': dict(samples=32),
    '16 samples': dict(samples=16),
    'last module': dict(gradient='last'),
    'last module, 32 samples': dict(gradient='last', samples=32),
    'L = 1': dict(L=1),
}

def gradients(lab, seed, name, n):
    "Sum of n draws of a gradient, as one vector; sum of their squared lengths; CPU seconds a draw"
    config = lab.config('digits', 'ddpm', seed)
    network, schedule, images = lab.network('digits', config).train(), make_schedule(config), lab.images('digits')
    parameters, total, squares = [p.requires_grad_() for p in network.parameters()], 0., 0.
    how = dict(SETTINGS.get(name, {}), rho=config.rho)
    samples = how.pop('samples', config.batch_size)
    begin = time.process_time()
    for i in range(n):
        g = seeded(seed, [VANILLA, *SETTINGS].index(name), i)
        x0, other = (to_float(images[torch.randint(len(images), (samples,), generator=g)]) for _ in range(2))
        loss = nll_loss(schedule, network, x0, generator=g) if name == VANILLA else consistency_loss(schedule, network, x0, other, generator=g, **how)
        gradient = torch.cat([d.flatten() for d in torch.autograd.grad(loss, parameters, allow_unused=True, materialize_grads=True)])
        total, squares = total + gradient, squares + gradient.square().sum()
    return total, squares.item(), (time.process_time() - begin)/n

def compare(lab, seed, n):
    "A row a setting: cost of a training step with it; its mean gradient's cosine with the full one's and its length over that one's; signal over noise"
    found = {name: gradients(lab, seed, name, n) for name in (VANILLA, *SETTINGS)}
    signal2 = {name: ((total@total).item() - squares)/(n*(n - 1)) for name, (total, squares, _) in found.items()}
    for name, (total, squares, seconds) in found.items():
        cosine = (total@found[FULL][0]).item()/n**2/max(signal2[name]*signal2[FULL], 1e-30)**.5 if name != FULL else 1.
        length = (max(signal2[name], 0)/signal2[FULL])**.5
        yield dict(setting=name, seed=seed, extra=seconds/found[VANILLA][2], cosine=cosine, length=length, signal_to_noise=(max(signal2[name], 0)/(squares/n - signal2[name]))**.5)

def main(full=False):
    if not full: return print('\ndirection: only with --full (15 core-minutes)')
    keep_memory()  # as the workers that train do
    n, seeds, lab = 400, (0, 1, 2), Lab('digits')
    table, rows = pd.DataFrame([r for seed in seeds for r in compare(lab, seed, n)]), []
    table['worth'] = table.signal_to_noise**2/table.extra  # steps of descent that a second of computing buys, as far as noise decides
    for name, own in table.groupby('setting', sort=False):
        base = table[table.setting == FULL].worth.to_numpy()
        spread = lambda c: dict(zip((c, f'{c}_se'), (own[c].mean(), own[c].std()/len(own)**.5 if len(own) > 1 else float('nan'))))
        rows.append(row(name, 'cost of a step, in vanilla steps', 1 + own.extra.median()*(name != VANILLA), note=f'{len(seeds)} networks, {n} draws each') |
                    spread('cosine') | spread('length') | spread('signal_to_noise') | dict(worth=(own.worth.to_numpy()/base).mean(), seeds=len(seeds)))
    return save('direction', rows)
