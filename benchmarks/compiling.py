"""Training compiled: what it costs at first and from the cache, an update both ways, how far they differ.

Each case runs in two processes, one after the other, with a compiler's cache that is empty at first. Costs
are CPU seconds of the process and of the compilers that it starts; updates take turns.
"""
import json
import os
import resource
import subprocess
import sys
import tempfile
from dataclasses import replace

import torch

from benchmarks.common import ROOT, row, save, take_turns, ms, ratio
from diffprop.lab.checkpoints import State
from diffprop.lab.config import make_schedule
from diffprop.lab.devices import keep_memory
from diffprop.lab.presets import configure
from diffprop.lab.training import network_view, train_step

CASES = {  # name: (preset, data set, method, shape of an image, rounds)
    'digits': ('digits', 'digits', 'ddpm', (1, 8, 8), 40),
    'digits, regularized': ('digits', 'digits', 'consistency', (1, 8, 8), 15),
    'CIFAR-10 at 16x16': ('cpu', 'cifar10', 'ddpm', (3, 16, 16), 9),
    'CIFAR-10 at 32x32': ('cpu-32', 'cifar10', 'ddpm', (3, 32, 32), 9),
}


def cpu() -> float:
    "Seconds of this process and of those that it waited for"
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def compilers() -> float:
    "Seconds of the processes that compile, which are not waited for until the end"
    from torch._inductor.async_compile import shutdown_compile_workers
    before = cpu()
    shutdown_compile_workers()
    return cpu() - before


def updates(config, shape, images):
    "A call that makes an update and keeps its loss, the losses, the network"
    state, losses = State(config, shape), []
    schedule, model = make_schedule(config), network_view(state, 'cpu')
    def call(): losses.append(train_step(state, model, schedule, images)['loss'].item())
    return call, losses, state


def both_ways(name, field, **fixed) -> tuple:
    "{off or on: what `updates` returns} for a field of the case's configuration, and how many rounds"
    *names, shape, rounds = CASES[name]
    images = torch.randint(256, (2000, *shape), generator=torch.Generator().manual_seed(0)).byte()
    config = replace(configure(*names), **fixed)
    return {on: updates(replace(config, **{field: on}), shape, images) for on in (False, True)}, rounds


def apart(sides) -> float:
    "The largest relative difference of the losses of both ways"
    return max(abs(p - q)/abs(p) for p, q in zip(*(losses for _, losses, _ in sides.values())))


def measured(name) -> dict:
    "In a process of its own: seconds until the first two updates are made, and updates in turn"
    keep_memory()
    sides, rounds = both_ways(name, 'compile')
    for call, *_ in sides.values():  # two: the second has a gradient through weights that are not new
        begin = cpu()
        for _ in range(2): call()
        first = cpu() - begin
    first += compilers()
    seconds = take_turns({str(k): call for k, (call, *_) in sides.items()}, rounds)
    return dict(first=first, seconds=seconds, off=apart(sides))


def of_case(name):
    "Rows of a case"
    command = [sys.executable, '-m', 'benchmarks.compiling', name]
    with tempfile.TemporaryDirectory() as cache:
        environment = dict(os.environ, TORCHINDUCTOR_CACHE_DIR=cache)
        found = []
        for _ in range(2):
            out = subprocess.check_output(command, cwd=ROOT, env=environment, text=True)
            found.append(json.loads(out.splitlines()[-1]))
    cold, warm = found
    seconds = {k: cold['seconds'][k] + warm['seconds'][k] for k in ('False', 'True')}
    a, b = ms(seconds, 'True'), ms(seconds, 'False')
    yield row(name, 'an update, compiled over as it is', ratio(seconds, 'True', 'False'), '', a, b,
              max(cold['off'], warm['off']), 'difference: of the losses, the largest relative one')
    for what, part in dict(cold=cold, warm=warm).items():
        words = dict(cold='with an empty cache', warm='from the cache')[what]
        saved = 1e-3*(b - a)
        even = f'earned back after {part["first"]/saved:,.0f} updates' if saved > 0 else ''
        yield row(name, f'CPU seconds of the first two updates, {words}', part['first'], note=even)


def main(full=False):
    rows = []
    for name in CASES: rows += of_case(name)
    return save('compiling', rows)


if __name__ == '__main__': print(json.dumps(measured(sys.argv[1])))
