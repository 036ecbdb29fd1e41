"""What a cheaper regularizer costs, and what it does to the samples: 100 steps of fine-tuning from a trained vanilla digits network.

Not in the quick set: about 10 core-minutes, of which most is sampling. The vanilla networks are those of Table 1 at preset digits;
where runs/ has none they are trained first (half a core-minute each)."""
import time
from dataclasses import replace

import pandas as pd

from benchmarks.common import row, save
from diffprop.schedule import sample
from diffprop.lab.data import to_uint8
from diffprop.lab.devices import keep_memory
from diffprop.lab.config import make_schedule
from diffprop.lab.checkpoints import load_checkpoint, State
from diffprop.lab.training import train_step
from diffprop.lab.fidelity import fidelity
from diffprop.lab.runs import final_error, Lab

MORE, SAMPLES, NFE = 100, 1000, 50
SETTINGS = {  # of Config, in turn: the first dict for even steps, the second for odd ones
    'vanilla': [dict(lam_reg=0.)],
    'full': [dict(lam_reg=.2)],
    '32 samples': [dict(lam_reg=.2, reg_batch=32)],
    'every second step, twice the weight': [dict(lam_reg=.4), dict(lam_reg=0.)],  # in the mean of two steps the loss of 'full'
    'gradient of the last module': [dict(lam_reg=.2, gradient='last')],
    'last module, 32 samples': [dict(lam_reg=.2, gradient='last', reg_batch=32)],
    'last module, every second step, twice the weight': [dict(lam_reg=.4, gradient='last'), dict(lam_reg=0.)],
}

def fine_tune(lab, seed, changes):
    "Continue the vanilla run: (network, CPU seconds a step)"
    base = lab.config('digits', 'ddpm', seed)
    lab.network('digits', base)
    images, state = lab.images('digits'), State(base, lab.images('digits').shape[1:])
    load_checkpoint(state, lab.folder('digits', base)/'checkpoint.pt')
    begin = time.process_time()
    for i in range(MORE):
        state.config = replace(base, steps=base.steps + MORE, **changes[i % len(changes)])
        train_step(state, state.network, make_schedule(base), images)
    return state.average.eval(), (time.process_time() - begin)/MORE

def measure(lab, seed, name):
    network, seconds = fine_tune(lab, seed, SETTINGS[name])
    images, schedule = lab.images('digits'), make_schedule(lab.config('digits', 'ddpm', seed))
    x = to_uint8(sample(schedule, network, SAMPLES, images.shape[1:], seed=seed, batch_size=125, steps=NFE, clip=True))
    return dict(setting=name, seed=seed, seconds=seconds, fid=fidelity(x, images, kid=False)['fid'], mmd2=1e4*final_error(x, images))

def main(full=False, seeds=(0, 1, 2)):
    if not full: return print('effect: only with --full (about 10 core-minutes)')
    keep_memory()  # as the workers that train do
    lab, found = Lab('digits'), []
    for seed in seeds:
        for name in SETTINGS:
            found.append(measure(lab, seed, name)); print('  {setting:36s} seed {seed}  {seconds:.3f} s a step  FID {fid:.2f}  MMD2 {mmd2:.2f}e-4'.format(**found[-1]), flush=True)
    return report(pd.DataFrame(found))

def report(found):
    wide = found.pivot(index='seed', columns='setting')
    rows = []
    for name in list(SETTINGS):
        cost = (wide.seconds[name]/wide.seconds['vanilla']).median()
        d = {k: (wide[k][name] - wide[k]['vanilla']) for k in ('fid', 'mmd2')}
        rows.append(row(name, 'cost of a step, in vanilla steps', cost, '<= 2' if name != 'vanilla' else '') |
                    {f'{k}_{what}': v for k in d for what, v in ((('mean', wide[k][name].mean()), ('change', d[k].mean()), ('change_se', d[k].std()/len(d[k])**.5)))} | dict(seeds=len(wide)))
    return save('effect', rows)
