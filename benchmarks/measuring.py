"""What measuring costs beside sampling: `error_dynamics` at every t against `sample`, a Frechet distance with and without worker processes, and
what a batch's size costs a network on a CPU, where the C library hands large tensors back to the system and asks for them again, page by page."""
import itertools, resource, statistics, subprocess, sys, time

import torch
import torch_fidelity

from benchmarks.common import ROOT, ms, ratio, row, save, take_turns
from diffprop.lab.data import load_images
from diffprop.lab.devices import keep_memory
from diffprop.error import error_dynamics
from diffprop.lab.fidelity import _Images, feature_space, fidelity
from diffprop.schedule import Schedule, sample
from diffprop.unet import UNet

T, N = 4, 1000  # the ratio does not depend on T: one network evaluation and one measurement a step

NETWORKS = {'digits network': dict(channels=1, size=8, width=16, mults=(1, 1), blocks=1, attention=(), dropout=0.), 'CIFAR-10 size, width 64': dict(width=64, dropout=0.)}

def forward(name, batch, rounds, keep=False):
    "CPU milliseconds an image, and page faults a call, of a network as experiments draw with it"
    if keep: keep_memory()
    network = UNet(**NETWORKS[name]).eval().to(memory_format=torch.channels_last)
    x, t = torch.randn(batch, *(network.config[k] for k in ('channels', 'size', 'size'))), torch.full((batch,), 5)
    seconds, faults = [], lambda: resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    with torch.no_grad():
        for _ in range(rounds):
            begin, before = time.process_time(), faults()
            network(x, t)
            seconds.append(time.process_time() - begin)
    return 1e3*statistics.median(seconds[1:])/batch, faults() - before

def forward_apart(*args):
    "`forward` in a process of its own, since the C library does not go back on its settings"
    out = subprocess.run([sys.executable, '-c', f'from benchmarks.measuring import forward; print(*forward{args})'], cwd=ROOT, check=True, capture_output=True, text=True)
    return tuple(map(float, out.stdout.split()[-2:]))

def main(full=False):
    torch.manual_seed(0)
    network, schedule, rows = UNet(1, 8, 16, (1, 1), 1, (), 0.).eval(), Schedule.linear(T, .01, .5), []
    data = torch.randn(2*N, 1, 8, 8).clamp(-1, 1)
    def curve(*kernels): return error_dynamics(network, schedule, data, n=N, kernels=kernels, batch_size=125)
    calls = dict(sample=lambda: sample(schedule, network, N, (1, 8, 8), seed=0, batch_size=125), three=lambda: curve('gaussian', 'laplace', 'logistic'), one=lambda: curve('gaussian'))
    seconds = take_turns(calls, 5 if full else 2)
    for name, what in (('three', 'three kernels'), ('one', 'Gaussian kernel')):
        rows.append(row('digits network, N = 1000, every t', f'error_dynamics over sample, {what}', ratio(seconds, name, 'sample'), '<= 1.1', ms(seconds, name), ms(seconds, 'sample')))
    def cost(*kernels):  # of one measurement at a CIFAR-10 image's size: a model that does nothing, at one t
        begin = time.process_time()
        error_dynamics(lambda x, t: x, Schedule.linear(1, .01), torch.randn(2*N, 3, 32, 32), n=N, kernels=kernels, times=[0])
        return time.process_time() - begin
    with torch.no_grad():
        big, x, t = UNet().eval(), torch.randn(2, 3, 32, 32), torch.tensor([5, 5])
        evaluation = min(take_turns(dict(big=lambda: big(x, t)), 3)['big'])*N/2
    for kernels in (('gaussian', 'laplace', 'logistic'), ('gaussian',)):
        took = cost(*kernels)
        rows.append(row('CIFAR-10 network, N = 1000, every t', f'sampling and measuring over sampling, {len(kernels)} kernel{"s"*(len(kernels) > 1)}', 1 + took/evaluation, '<= 1.1', 1e3*(took + evaluation), 1e3*evaluation,
                        note='CIFAR-10: one evaluation of 1,000 images from that of 2, and one measurement'))
    images = load_images('digits'); half, space = images[:900], feature_space('auto', (1, 8, 8))
    def distance(lean): return torch_fidelity.calculate_metrics(input1=_Images(half), input2=_Images(images[900:]), cuda=False, fid=True, save_cpu_ram=lean, feature_extractor=space.name,
        feature_extractor_weights_path=space.weights(), verbose=False, cache=False, batch_size=256)['frechet_inception_distance']
    found, own = {}, fidelity(half, images[900:], kid=False)['fid']
    for lean in (True, False):
        begin = time.perf_counter(); found[lean] = distance(lean), time.perf_counter() - begin
    rows.append(row('Frechet distance, 900 digits', "time over torch-fidelity's default, wall clock", found[True][1]/found[False][1], '<= 0.5', 1e3*found[True][1], 1e3*found[False][1], abs(own - found[False][0])))
    for name, small, batches, repeats in (('digits network', 125, (250, 500), 16), ('CIFAR-10 size, width 64', 32, (16, 64), 4)):
        best, _ = forward_apart(name, small, repeats)
        for batch, keep in itertools.product(batches, (False, True)):
            (took, faults), how = forward_apart(name, batch, repeats, keep), 'keeping its memory' if keep else 'as it comes'
            rows.append(row(f'{name}, batch of {batch}, {how}', f'time an image over that in a batch of {small}, as it comes', took/best, '', took, best, note=f'{name}, batch of {batch}, {how}: {faults:,.0f} page faults a call'))
    return save('measuring', rows)
