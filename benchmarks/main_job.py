"""Where the seconds of the main job go, Table 1 at preset digits.

Parts of a training step by torch's profiler; parts of the job from the time of a step.
"""
from collections import Counter

import torch
from torch.profiler import ProfilerActivity, profile

from benchmarks.common import row, save, take_turns
from diffprop.lab.checkpoints import State
from diffprop.lab.config import make_schedule
from diffprop.lab.data import load_images
from diffprop.lab.devices import keep_memory
from diffprop.lab.presets import METHODS, PRESETS, TABLE_2, configure
from diffprop.lab.training import network_view, train_step
from diffprop.schedule import sample

KINDS = {  # what a kind of work is called, by parts of the names that the profiler gives it
    'convolutions': ('convolution',),
    'activations': ('silu',),
    'normalisation': ('group_norm',),
    'optimizer and average': ('Adam', '_fused_adam', 'foreach', 'lerp'),
    'matrix products, attention': ('attention',),
}


def kind(name):
    name = name.removeprefix('aten::')
    if name in ('mm', 'addmm', 'bmm'): return 'matrix products, attention'
    found = [kind for kind, parts in KINDS.items() if any(part in name for part in parts)]
    return found[0] if found else 'the rest: copies, sums, Python'


class Job:
    "Training of one method at preset digits, as `train` does it"
    def __init__(self, method, images):
        self.method, self.images, self.config = method, images, configure('digits', 'digits', method)
        self.state, self.schedule = State(self.config, images.shape[1:]), make_schedule(self.config)
        self.network = network_view(self.state, 'cpu')

    def step(self): train_step(self.state, self.network, self.schedule, self.images)

    def seconds(self, rounds):
        took = take_turns(dict(step=self.step), rounds)['step']
        return sum(took)/len(took)

    def shares(self):
        "A row for each kind of work in a step"
        with profile(activities=[ProfilerActivity.CPU]) as prof:
            for _ in range(10): self.step()
        spent = Counter()
        for event in prof.key_averages(): spent[kind(event.key)] += event.self_cpu_time_total
        for name, micros in spent.most_common():
            yield row(f'a training step, {self.method}', f'share of {name}', micros/spent.total())

    def drawing(self, batch_size, clip):
        "Seconds of an image and an evaluation, drawn as `Lab` draws"
        network = self.state.average.eval().to(memory_format=torch.channels_last)
        shape = self.images.shape[1:]
        how = dict(seed=0, batch_size=batch_size, steps=5, clip=clip)
        took = take_turns(dict(draw=lambda: sample(self.schedule, network, batch_size, shape, **how)), 3)
        return min(took['draw'])/5/batch_size


def parts_of_table_1(job, methods, plain, regularized):
    "Seconds of a seed; DDPM for the same time trains as long as the regularized one"
    p, scratch, more = PRESETS['digits'], job.config.steps, PRESETS['digits'].finetune
    evaluations = len(methods)*job.config.T*p.samples
    return {'training without the regularizer': (2*scratch + more)*plain + scratch*regularized,
            'training with it': (scratch + more)*regularized,
            'sampling': evaluations*job.drawing(p.batch_size, p.clip)}


def main(full=False):
    keep_memory()  # as the workers that train do
    images, p = load_images('digits'), PRESETS['digits']
    plain, regularized = Job('ddpm', images), Job('consistency', images)
    seconds = [job.seconds(30 if full else 15) for job in (plain, regularized)]
    rows = [*plain.shares(), *regularized.shares()]
    methods = [m for m in METHODS if m not in TABLE_2[1:]]  # those of Table 1's notebook
    parts = parts_of_table_1(regularized, methods, *seconds)
    case = f'Table 1 at preset digits, {len(methods)} methods, {p.seeds} seeds'
    total = sum(parts.values())
    rows += [row(case, f'share of {name}', took/total) for name, took in parts.items()]
    note = 'a step: vanilla {:.0f} ms, regularized {:.0f} ms'.format(*(1e3*s for s in seconds))
    rows.append(row(case, 'minutes on 2 cores, from these parts', p.seeds*total/2/60, '<= 12', note=note))
    return save('main_job', rows)
