"""On a GPU: step time in bfloat16 of the CIFAR-10 network, plain, channels-last and compiled, against diffusers and denoising-diffusion-pytorch, each plain
and compiled; share of the card's bfloat16 peak; images sampled a second. Without a GPU it says so in a line. Wall-clock time, since a GPU works on its own."""
import time

import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.common import row, save
from benchmarks.unet import networks, step
from diffprop.schedule import Schedule, sample

def main(full=False):
    if not torch.cuda.is_available(): return print('\ngpu: this torch sees no GPU; nothing measured')
    torch.set_float32_matmul_precision('high')
    return save('gpu', measured(networks('CIFAR-10, 32x32'), 'cuda', torch.cuda.get_device_name()))

def measured(three, device, card, batch=128, side=8192, repeats=20):
    "The rows, for (ours, diffusers', denoising-diffusion-pytorch's); the device is an argument so that a CPU can rehearse it"
    def seconds(call, repeats=repeats):
        "Fastest of three means over `repeats` calls, after a warm-up that also compiles"
        wait = torch.cuda.synchronize if device == 'cuda' else lambda: None
        for _ in range(5): call()
        found = []
        for _ in range(3):
            wait(); begin = time.perf_counter()
            for _ in range(repeats): call()
            wait(); found.append((time.perf_counter() - begin)/repeats)
        return min(found)
    def stepping(network, x, t):
        call = step(network, x, t, target)
        def run():
            with torch.autocast(device, torch.bfloat16): call()
        return seconds(run)
    last = lambda v: v.to(memory_format=torch.channels_last)
    ours, theirs, third = (n.to(device) for n in three)
    c, size = ours.config['channels'], ours.config['size']
    x, target = torch.randn(2, batch, c, size, size, device=device); t = torch.randint(1, 1001, (batch,), device=device)
    with FlopCounterMode(display=False) as count: step(ours, x, t, target)()
    peers = {'diffusers': (theirs, t - 1), 'denoising-diffusion-pytorch': (third, t - 1)}
    took, of_peers = {'plain': stepping(ours, x, t)}, {name: {'plain': stepping(n, x, at)} for name, (n, at) in peers.items()}
    for name, (n, at) in peers.items(): of_peers[name]['channels-last, compiled'] = stepping(torch.compile(last(n)), last(x), at)
    took['channels-last'] = stepping(last(ours), last(x), t)
    took['channels-last, compiled'] = stepping(torch.compile(ours), last(x), t)
    took['channels-last, compiled, CUDA graphs'] = stepping(torch.compile(ours, mode='reduce-overhead'), last(x), t)
    a, b = torch.randn(2, side, side, device=device, dtype=torch.bfloat16)
    best, peak = min(took, key=took.get), 2*side**3/seconds(lambda: a @ b)
    rows = [row(f'CIFAR-10 step, batch {batch}', f'{k} over plain', v/took['plain'], '', 1e3*v, 1e3*took['plain'], note=card) for k, v in took.items()]
    for peer, theirs in of_peers.items():
        for how, v in theirs.items(): rows.append(row(f'{how} here', f'over {peer}, {how}', took[how]/v, '<= 1.0', 1e3*took[how], 1e3*v))
    rows.append(row(best, 'share of the bfloat16 peak of a matrix product', count.get_total_flops()/took[best]/peak))
    def draw():
        with torch.autocast(device, torch.bfloat16): sample(Schedule.linear(), lambda x, t: ours(x, t).float(), 4*batch, (c, size, size), seed=0, batch_size=4*batch, steps=10, device=device)
    rows.append(row('sampling, 100 evaluations an image', 'images a second', .1*4*batch/seconds(draw, 1)))
    return rows
