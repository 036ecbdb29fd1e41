"""Which way the regularizer pushes a trained network, and how noisily, in full and in cheaper settings.

Over many draws the gradient has a mean, which moves the network, and a noise, which does not. Their squared
lengths and the angle between two means are estimated from products of different draws, so without bias. The
networks are the vanilla ones of Table 1 (where runs/ has none they are trained first). About 15 core-minutes.
"""
import pandas as pd
import torch

from benchmarks.common import cpu_seconds, row, save
from diffprop.bootstrap import consistency_loss, nll_loss
from diffprop.lab.config import make_schedule
from diffprop.lab.data import to_float
from diffprop.lab.devices import keep_memory
from diffprop.lab.networks import Lab
from diffprop.schedule import seeded

VANILLA, FULL = 'noise prediction', 'full'
SETTINGS = {  # what each changes of `consistency_loss`, and its number of 'samples' where it is not 64
    FULL: {},
    'full, U-statistic': dict(biased=False),
    '32 samples': dict(samples=32),
    '16 samples': dict(samples=16),
    'last module': dict(gradient='last'),
    'last module, 32 samples': dict(gradient='last', samples=32),
    'L = 1': dict(L=1),
}


class Sums:
    "n draws of a gradient: their sum, the sum of their squared lengths, and CPU seconds a draw"
    def __init__(self, lab, seed, name, n):
        config = lab.config('digits', 'ddpm', seed)
        self.schedule, self.images = make_schedule(config), lab.images('digits')
        self.network = lab.network('digits', config).train()
        self.how = dict(samples=config.batch_size, rho=config.rho) | SETTINGS.get(name, {})
        self.n, self.total, self.squares = n, 0., 0.
        place = [VANILLA, *SETTINGS].index(name)
        def run():
            for i in range(n): self.add(seeded(seed, place, i), name)
        self.seconds = cpu_seconds(run)/n

    def loss(self, generator, name):
        how = dict(self.how)
        samples = how.pop('samples')
        draw = lambda: to_float(self.images[torch.randint(len(self.images), (samples,), generator=generator)])
        x0, other = draw(), draw()
        if name == VANILLA: return nll_loss(self.schedule, self.network, x0, generator=generator)
        return consistency_loss(self.schedule, self.network, x0, other, generator=generator, **how)

    def add(self, generator, name):
        parameters = [p.requires_grad_() for p in self.network.parameters()]
        given = dict(allow_unused=True, materialize_grads=True)
        slopes = torch.autograd.grad(self.loss(generator, name), parameters, **given)
        gradient = torch.cat([s.flatten() for s in slopes])
        self.total, self.squares = self.total + gradient, self.squares + gradient.square().sum().item()

    @property
    def signal2(self):
        "Squared length of the mean gradient"
        return ((self.total @ self.total).item() - self.squares)/(self.n*(self.n - 1))


def compare(lab, seed, n):
    "A row a setting: what it adds to a step, its mean gradient beside the full one's, signal over noise"
    sums = {name: Sums(lab, seed, name, n) for name in (VANILLA, *SETTINGS)}
    full, vanilla = sums[FULL], sums[VANILLA]
    for name, own in sums.items():
        product = (own.total @ full.total).item()/n**2
        cosine = product/max(own.signal2*full.signal2, 1e-30)**.5 if name != FULL else 1.
        signal2 = max(own.signal2, 0)
        noise2 = own.squares/n - own.signal2
        yield dict(setting=name, seed=seed, extra=own.seconds/vanilla.seconds, cosine=cosine,
                   length=(signal2/full.signal2)**.5, signal_to_noise=(signal2/noise2)**.5)


def spread(values):
    "{name: mean, name_se: standard error}"
    error = values.std()/len(values)**.5 if len(values) > 1 else float('nan')
    return {values.name: values.mean(), f'{values.name}_se': error}


def main(full=True, n=400, seeds=(0, 1, 2)):
    keep_memory()  # as the workers that train do
    lab = Lab('digits')
    table = pd.DataFrame([r for seed in seeds for r in compare(lab, seed, n)])
    table['worth'] = table.signal_to_noise**2/table.extra  # of a second of computing
    base, rows = table[table.setting == FULL].worth.to_numpy(), []
    note = f'{len(seeds)} networks, {n} draws each'
    for name, own in table.groupby('setting', sort=False):
        cost = 1 + own.extra.median()*(name != VANILLA)
        line = row(name, 'cost of a step, in vanilla steps', cost, note=note)
        for column in ('cosine', 'length', 'signal_to_noise'): line |= spread(own[column])
        rows.append(line | dict(worth=(own.worth.to_numpy()/base).mean(), seeds=len(seeds)))
    return save('direction', rows)
