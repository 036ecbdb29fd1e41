"""What a cheaper regularizer costs, and what it does to the samples.

Each setting continues a trained vanilla digits network for 100 steps. The vanilla networks are those of
Table 1 at preset digits; where runs/ has none they are trained first. 10 core-minutes, most of them sampling.
"""
from dataclasses import replace

import pandas as pd

from benchmarks.common import cpu_seconds, row, save
from diffprop.lab.checkpoints import State, load_checkpoint
from diffprop.lab.config import make_schedule
from diffprop.lab.data import to_uint8
from diffprop.lab.devices import keep_memory
from diffprop.lab.fidelity import fidelity
from diffprop.lab.networks import Lab
from diffprop.lab.runs import final_error
from diffprop.lab.training import train_step
from diffprop.schedule import sample

MORE, SAMPLES, NFE = 100, 1000, 50
SETTINGS = {  # of Config, in turn: with two of them, the first for even steps and the second for odd ones
    'vanilla': [dict(lam_reg=0.)],
    'full': [dict(lam_reg=.2)],
    '32 samples': [dict(lam_reg=.2, reg_batch=32)],
    # in the mean of two steps the loss of 'full'
    'every second step, twice the weight': [dict(lam_reg=.4), dict(lam_reg=0.)],
    'gradient of the last module': [dict(lam_reg=.2, gradient='last')],
    'last module, 32 samples': [dict(lam_reg=.2, gradient='last', reg_batch=32)],
    'last module, every second step, twice the weight': [dict(lam_reg=.4, gradient='last'), dict(lam_reg=0.)],
}


def fine_tune(lab, seed, changes, more):
    "Continue the vanilla run: (network, CPU seconds a step)"
    base, images = lab.config('digits', 'ddpm', seed), lab.images('digits')
    lab.network('digits', base)  # trained, if it was not
    state, schedule = State(base, images.shape[1:]), make_schedule(base)
    load_checkpoint(state, lab.folder('digits', base)/'checkpoint.pt')
    def run():
        for i in range(more):
            state.config = replace(base, steps=base.steps + more, **changes[i % len(changes)])
            train_step(state, state.network, schedule, images)
    return state.average.eval(), cpu_seconds(run)/more


def measure(lab, seed, name, more=MORE, samples=SAMPLES, steps=NFE):
    network, seconds = fine_tune(lab, seed, SETTINGS[name], more)
    images, schedule = lab.images('digits'), make_schedule(lab.config('digits', 'ddpm', seed))
    how = dict(seed=seed, batch_size=125, steps=steps, clip=True)
    x = to_uint8(sample(schedule, network, samples, images.shape[1:], **how))
    fid = fidelity(x, images, kid=False)['fid']
    print(f'  {name:48s} seed {seed}  {seconds:.3f} s a step  FID {fid:.2f}', flush=True)
    return dict(setting=name, seed=seed, seconds=seconds, fid=fid, mmd2=1e4*final_error(x, images))


def changes(values, name):
    "A setting's mean and change against 'vanilla', paired by seed (rows; columns are settings)"
    d = values[name] - values['vanilla']
    return dict(mean=values[name].mean(), change=d.mean(), change_se=d.std()/len(d)**.5)


def report(found):
    wide, rows = found.pivot(index='seed', columns='setting'), []
    for name in SETTINGS:
        cost = (wide.seconds[name]/wide.seconds['vanilla']).median()
        target = '<= 2' if name != 'vanilla' else ''
        line = row(name, 'cost of a step, in vanilla steps', cost, target)
        for what in ('fid', 'mmd2'): line |= {f'{what}_{k}': v for k, v in changes(wide[what], name).items()}
        rows.append(line | dict(seeds=len(wide)))
    return save('effect', rows)


def main(full=True, seeds=(0, 1, 2), **sizes):
    keep_memory()  # as the workers that train do
    lab = Lab('digits')
    return report(pd.DataFrame([measure(lab, seed, name, **sizes) for seed in seeds for name in SETTINGS]))
