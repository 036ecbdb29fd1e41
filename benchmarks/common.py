"""What every benchmark shares: ratios, not seconds.

Rivals take turns in one process, and a ratio is the median over rounds of the ratio within a round. Time is
the CPU time of a process with one thread, so that other programs on the machine slow both sides alike.
"""
import importlib.metadata
import os
import platform
import statistics
import time
from pathlib import Path

os.environ.setdefault('OMP_NUM_THREADS', '1')
os.environ.setdefault('KINETO_LOG_LEVEL', '9')  # torch's profiler keeps quiet
import pandas as pd
import torch
from torch.nn import functional as F

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT/'results'/'benchmarks'
PACKAGES = ('torch', 'diffusers', 'denoising-diffusion-pytorch', 'torch-fidelity', 'geomloss', 'pykeops')
torch.set_num_threads(1)


def cpu_seconds(call) -> float:
    begin = time.process_time()
    call()
    return time.process_time() - begin


def take_turns(calls: dict, rounds: int = 7) -> dict:  # name -> CPU seconds of each round
    "Call each once to warm up, then all in turn, every other round in reverse order"
    for call in calls.values(): call()
    seconds = {name: [] for name in calls}
    for i in range(rounds):
        for name in list(calls)[::-1] if i % 2 else calls: seconds[name].append(cpu_seconds(calls[name]))
    return seconds


def ratio(seconds: dict, ours: str, theirs: str) -> float:
    return statistics.median(a/b for a, b in zip(seconds[ours], seconds[theirs]))


def ms(seconds: dict, name: str) -> float: return 1e3*statistics.median(seconds[name])


def is_met(value, target):
    "'yes' or 'no': whether a value is what it should be, such as '<= 0.95' or '>= 0.7'; '' without a target"
    if not target: return ''
    sign, bound = target.split()
    return 'yes' if (value <= float(bound) if sign == '<=' else value >= float(bound)) else 'no'


def row(case, measured, value, target='', ours_ms=None, peer_ms=None, difference=None, note=''):
    "One line of a table: a value, what it should be, both times, and how far the two results differ"
    return dict(case=case, measured=measured, value=value, target=target, met=is_met(value, target),
                ours_ms=ours_ms, peer_ms=peer_ms, difference=difference, note=note)


def versus(seconds, ours, theirs, case, measured, target='', difference=None, note=''):
    "The line of two that took turns"
    value, times = ratio(seconds, ours, theirs), (ms(seconds, ours), ms(seconds, theirs))
    return row(case, measured, value, target, *times, difference, note)


def machine() -> str:
    "The processor, as the system names it, and how many cores this process has"
    file = Path('/proc/cpuinfo')
    lines = file.read_text().splitlines() if file.exists() else []
    names = [line.split(':')[1].strip() for line in lines if line.startswith('model name')]
    name = names[0] if names else platform.processor()
    return f'{name}, {torch.backends.cpu.get_cpu_capability()}, {os.cpu_count()} cores, 1 thread'


def versions() -> str:
    installed = {d.metadata['Name'] for d in importlib.metadata.distributions()}
    return ' '.join(f'{name} {importlib.metadata.version(name)}' for name in PACKAGES if name in installed)


def save(subject: str, rows: list) -> pd.DataFrame:
    "Print the table and write it, with machine, versions and date, to results/benchmarks"
    table = pd.DataFrame(rows)
    shown = table.drop(columns='note').dropna(axis=1, how='all').fillna('')
    print(f'\n{subject}\n' + shown.to_string(index=False, float_format='{:.3g}'.format), flush=True)
    for note in dict.fromkeys(n for n in table.note if n): print('  ' + note)
    OUT.mkdir(parents=True, exist_ok=True)
    made = dict(machine=machine(), versions=versions(), date=time.strftime('%Y-%m-%d', time.gmtime()))
    table.assign(**made).to_csv(OUT/f'{subject}.csv', index=False, float_format='%.6g')
    return table


def conv_peak(rounds: int = 5) -> float:  # GFLOP/s
    "The best that a 3x3 convolution of the CIFAR-10 network's sizes does here, forward, in float32"
    def rate(batch, channels_in, channels, size):
        x, w = torch.randn(batch, channels_in, size, size), torch.randn(channels, channels_in, 3, 3)
        with torch.no_grad(): seconds = take_turns(dict(conv=lambda: F.conv2d(x, w, padding=1)), rounds)
        return 18e-9*batch*channels_in*channels*size**2/min(seconds['conv'])
    return max(rate(4, 128, 128, 32), rate(4, 256, 256, 16), rate(4, 512, 256, 16))
