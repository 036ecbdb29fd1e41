"""What measuring costs beside sampling.

`error_dynamics` at every t against `sample`; a Frechet distance with and without worker processes; and what
a batch's size costs a network on a CPU, where the C library returns large tensors to the system and asks for
them again, page by page.
"""
import resource
import statistics
import subprocess
import sys
import time

import torch
import torch_fidelity

from benchmarks.common import ROOT, cpu_seconds, row, save, take_turns, versus
from benchmarks.unet import SMALL
from diffprop.error import error_dynamics
from diffprop.lab.data import load_images
from diffprop.lab.devices import keep_memory
from diffprop.lab.fidelity import _Images, feature_space, fidelity
from diffprop.schedule import Schedule, sample
from diffprop.unet import UNet

T, N = 4, 1000  # the ratio does not depend on T: one network evaluation and one measurement a step
KERNELS = ('gaussian', 'laplace', 'logistic')
NETWORKS = {'digits network': SMALL, 'CIFAR-10 size, width 64': dict(width=64, dropout=0.)}
BATCHES = {  # a small batch, larger ones, rounds
    'digits network': (125, (250, 500), 16),
    'CIFAR-10 size, width 64': (32, (16, 64), 4),
}


def curves(rounds):
    "Error curves of the digits network, beside sampling alone"
    torch.manual_seed(0)
    network, schedule = UNet(**SMALL).eval(), Schedule.linear(T, .01, .5)
    data, case = torch.randn(2*N, 1, 8, 8).clamp(-1, 1), f'digits network, N = {N}, every t'
    def curve(*kernels): return error_dynamics(network, schedule, data, n=N, kernels=kernels, batch_size=125)
    seconds = take_turns(dict(sample=lambda: sample(schedule, network, N, (1, 8, 8), seed=0, batch_size=125),
                              three=lambda: curve(*KERNELS), one=lambda: curve('gaussian')), rounds)
    return [versus(seconds, name, 'sample', case, f'error_dynamics over sample, {what}')
            for name, what in (('three', 'three kernels'), ('one', 'Gaussian kernel'))]


def curves_of_a_large_network():
    "The same at the size of CIFAR-10, from one evaluation of the network and one measurement"
    network, x, t = UNet().eval(), torch.randn(2, 3, 32, 32), torch.tensor([5, 5])
    with torch.no_grad(): evaluation = min(take_turns(dict(network=lambda: network(x, t)), 3)['network'])*N/2
    idle, schedule, data = lambda x, t: x, Schedule.linear(1, .01), torch.randn(2*N, 3, 32, 32)
    for kernels, what in ((KERNELS, '3 kernels'), (KERNELS[:1], '1 kernel')):
        took = cpu_seconds(lambda: error_dynamics(idle, schedule, data, n=N, kernels=kernels, times=[0]))
        yield row(f'CIFAR-10 network, N = {N}, every t', f'sampling and measuring over sampling, {what}',
                  1 + took/evaluation, '<= 1.1', 1e3*(took + evaluation), 1e3*evaluation,
                  note='CIFAR-10: one evaluation of 1,000 images from that of 2, and one measurement')


def frechet():
    "A Frechet distance of digits, as `fidelity` computes it and as torch-fidelity does by default"
    images, space, found = load_images('digits'), feature_space('auto', (1, 8, 8)), {}
    half, rest = images[:900], images[900:]
    own = fidelity(half, rest, kid=False)['fid']
    for lean in (True, False):
        begin = time.perf_counter()
        distance = torch_fidelity.calculate_metrics(
            input1=_Images(half), input2=_Images(rest), cuda=False, fid=True, save_cpu_ram=lean,
            feature_extractor=space.name, feature_extractor_weights_path=space.weights(),
            verbose=False, cache=False, batch_size=256)['frechet_inception_distance']
        found[lean] = distance, time.perf_counter() - begin
    (_, ours), (reference, theirs) = found[True], found[False]
    measured = "time over torch-fidelity's default, wall clock"
    return row('Frechet distance, 900 digits', measured, ours/theirs, '<= 0.5', 1e3*ours, 1e3*theirs,
               abs(own - reference))


def forward(name, batch, rounds, keep=False):
    "CPU milliseconds an image, and page faults a call, of a network as experiments draw with it"
    if keep: keep_memory()
    network = UNet(**NETWORKS[name]).eval().to(memory_format=torch.channels_last)
    c, faults = network.config, lambda: resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    x, t, seconds = torch.randn(batch, c['channels'], c['size'], c['size']), torch.full((batch,), 5), []
    with torch.no_grad():
        for _ in range(rounds):
            before = faults()
            seconds.append(cpu_seconds(lambda: network(x, t)))
    return 1e3*statistics.median(seconds[1:])/batch, faults() - before


def forward_apart(*args):
    "`forward` in a process of its own, since the C library does not go back on its settings"
    code = f'from benchmarks.measuring import forward; print(*forward{args})'
    out = subprocess.run([sys.executable, '-c', code], cwd=ROOT, check=True, capture_output=True, text=True)
    return tuple(map(float, out.stdout.split()[-2:]))


def batches(name):
    small, sizes, rounds = BATCHES[name]
    best, _ = forward_apart(name, small, rounds)
    measured = f'time an image over that in a batch of {small}, as it comes'
    for batch in sizes:
        for keep, how in ((False, 'as it comes'), (True, 'keeping its memory')):
            took, faults = forward_apart(name, batch, rounds, keep)
            case = f'{name}, batch of {batch}, {how}'
            note = f'{case}: {faults:,.0f} page faults a call'
            yield row(case, measured, took/best, '', took, best, note=note)


def main(full=False):
    rows = [*curves(5 if full else 2), *curves_of_a_large_network(), frechet()]
    for name in NETWORKS: rows += batches(name)
    return save('measuring', rows)
