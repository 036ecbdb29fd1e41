"""What every benchmark shares. Ratios, not seconds: rivals take turns in one process, and the ratio is the median over rounds of the
ratio within a round. Time is the process's CPU time with one thread, so that other programs on the machine slow both sides alike."""
import importlib.metadata, os, platform, statistics, time
from pathlib import Path

os.environ.setdefault('OMP_NUM_THREADS', '1')
os.environ.setdefault('KINETO_LOG_LEVEL', '9')  # torch's profiler keeps quiet
import pandas as pd
import torch
from torch.nn import functional as F

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT/'results'/'benchmarks'
torch.set_num_threads(1)

def take_turns(calls: dict, rounds: int = 7) -> dict:  # name -> CPU seconds of each round
    "Call each once to warm up, then all in turn, every other round in reverse order"
    for call in calls.values(): call()
    seconds, names = {name: [] for name in calls}, list(calls)
    for i in range(rounds):
        for name in names[::-1] if i % 2 else names:
            begin = time.process_time(); calls[name](); seconds[name].append(time.process_time() - begin)
    return seconds

def ratio(seconds: dict, ours: str, theirs: str) -> float: return statistics.median(a/b for a, b in zip(seconds[ours], seconds[theirs]))
def ms(seconds: dict, name: str) -> float: return 1e3*statistics.median(seconds[name])

def row(case, measured, value, target='', ours_ms=None, peer_ms=None, difference=None, note=''):
    "One line of a table: a ratio, what it should be ('<= 0.95', '>= 0.7' or nothing), and whether it is"
    sign, _, bound = target.partition(' ')
    met = '' if not target else 'yes' if (value <= float(bound) if sign == '<=' else value >= float(bound)) else 'no'
    return dict(case=case, measured=measured, value=value, target=target, met=met, ours_ms=ours_ms, peer_ms=peer_ms, difference=difference, note=note)

def machine() -> str:
    "The processor, as the system names it, and how many cores this process has"
    names = [line.split(':')[1].strip() for line in open('/proc/cpuinfo') if line.startswith('model name')] if os.path.exists('/proc/cpuinfo') else [platform.processor()]
    return f'{names[0]}, {torch.backends.cpu.get_cpu_capability()}, {os.cpu_count()} cores, 1 thread'

def versions() -> str:
    found = lambda name: importlib.metadata.version(name)
    return ' '.join(f'{p} {found(p)}' for p in ('torch', 'diffusers', 'denoising-diffusion-pytorch', 'torch-fidelity') if p in {d.metadata['Name'] for d in importlib.metadata.distributions()})

def save(subject: str, rows: list) -> pd.DataFrame:
    "Print the table and write it, with machine, versions and date, to results/benchmarks"
    table = pd.DataFrame(rows)
    print(f'\n{subject}\n' + table.drop(columns='note').dropna(axis=1, how='all').fillna('').to_string(index=False, float_format=lambda v: f'{v:.3g}'), flush=True)
    for note in dict.fromkeys(n for n in table.note if n): print('  ' + note)
    OUT.mkdir(parents=True, exist_ok=True)
    table.assign(machine=machine(), versions=versions(), date=time.strftime('%Y-%m-%d', time.gmtime())).to_csv(OUT/f'{subject}.csv', index=False, float_format='%.6g')
    return table

def conv_peak(rounds: int = 5) -> float:  # GFLOP/s
    "The best that a 3x3 convolution of the CIFAR-10 network's sizes does here, forward, float32: the floor for the networks"
    def rate(b, c_in, c, size):
        x, w = torch.randn(b, c_in, size, size), torch.randn(c, c_in, 3, 3)
        with torch.no_grad(): seconds = take_turns(dict(conv=lambda: F.conv2d(x, w, padding=1)), rounds)
        return 18e-9*b*c_in*c*size**2/min(seconds['conv'])
    return max(rate(4, 128, 128, 32), rate(4, 256, 256, 16), rate(4, 512, 256, 16))
