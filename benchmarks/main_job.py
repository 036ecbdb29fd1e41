"""Where the seconds of the main job go, Table 1 at preset digits: parts of a training step by torch's profiler, parts of the job from a step's time."""
from collections import Counter

import torch
from torch.profiler import ProfilerActivity, profile

from benchmarks.common import row, save, take_turns
from diffprop.schedule import sample
from diffprop.lab.data import load_images
from diffprop.lab.devices import keep_memory
from diffprop.lab.config import make_schedule
from diffprop.lab.checkpoints import State
from diffprop.lab.training import _network_view, train_step
from diffprop.lab.runs import configure, METHODS, PRESETS, TABLE_2

def kind(name):
    name = name.removeprefix('aten::')
    if 'convolution' in name: return 'convolutions'
    if 'silu' in name: return 'activations'
    if 'group_norm' in name: return 'normalisation'
    if 'Adam' in name or '_fused_adam' in name or 'foreach' in name or 'lerp' in name: return 'optimizer and average'
    if name in ('mm', 'addmm', 'bmm') or 'attention' in name: return 'matrix products, attention'
    return 'the rest: copies, sums, Python'

def main(full=False):
    keep_memory()  # as the workers of `run_all` do
    images, p, rows = load_images('digits'), PRESETS['digits'], []
    steps, shares = {}, {}
    for method in ('ddpm', 'consistency'):
        config = configure('digits', 'digits', method)
        state, schedule = State(config, images.shape[1:]), make_schedule(config)
        network = _network_view(state, 'cpu')  # as `train` calls it
        steps[method] = take_turns({method: lambda: train_step(state, network, schedule, images)}, 30 if full else 15)
        with profile(activities=[ProfilerActivity.CPU]) as prof:
            for _ in range(10): train_step(state, network, schedule, images)
        spent = Counter()
        for event in prof.key_averages(): spent[kind(event.key)] += event.self_cpu_time_total
        for name, micros in spent.most_common(): rows.append(row(f'a training step, {method}', f'share of {name}', micros/spent.total()))
    network = state.average.eval().to(memory_format=torch.channels_last)  # as Lab draws
    draw = take_turns(dict(draw=lambda: sample(schedule, network, p.batch_size, images.shape[1:], seed=0, batch_size=p.batch_size, steps=5, clip=p.clip)), 3)
    plain, reg = (sum(s[m])/len(s[m]) for m, s in steps.items())
    methods = [m for m in METHODS if m not in TABLE_2[1:]]  # those of notebook 07
    scratch, more = config.steps, p.finetune
    sampling = len(methods)*min(draw['draw'])/5*config.T*p.samples/p.batch_size
    parts = {'training without the regularizer': (2*scratch + more)*plain + scratch*reg, 'training with it': (scratch + more)*reg, 'sampling': sampling}  # DDPM for the same time trains as long as the regularized one
    total = p.seeds*sum(parts.values())
    for name, seconds in parts.items(): rows.append(row(f'Table 1 at preset digits, {len(methods)} methods, {p.seeds} seeds', f'share of {name}', p.seeds*seconds/total))
    rows.append(row(f'Table 1 at preset digits, {len(methods)} methods, {p.seeds} seeds', 'minutes on 2 cores, from these parts', total/2/60, '<= 12', note=f'a step: vanilla {1e3*plain:.0f} ms, regularized {1e3*reg:.0f} ms'))
    return save('main_job', rows)
