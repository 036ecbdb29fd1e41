"""On a GPU: step time in bfloat16 of the CIFAR-10 network, plain, channels-last and compiled, against diffusers and denoising-diffusion-pytorch;
share of the card's bfloat16 peak; images sampled a second. Without a GPU it says so in a line. Wall-clock time, since a GPU works on its own."""
import time

import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.common import row, save
from benchmarks.unet import networks, step
from diffprop.schedule import Schedule, sample

def seconds(call, repeats=20):
    "Fastest of three means over `repeats` calls, after a warm-up that also compiles"
    for _ in range(5): call()
    found = []
    for _ in range(3):
        torch.cuda.synchronize(); begin = time.perf_counter()
        for _ in range(repeats): call()
        torch.cuda.synchronize(); found.append((time.perf_counter() - begin)/repeats)
    return min(found)

def main(full=False, batch=128):
    if not torch.cuda.is_available(): return print('\ngpu: this torch sees no GPU; nothing measured')
    torch.set_float32_matmul_precision('high')
    ours, theirs, third = (n.cuda() for n in networks('CIFAR-10, 32x32'))
    x, target = torch.randn(2, batch, 3, 32, 32, device='cuda'); t = torch.randint(1, 1001, (batch,), device='cuda')
    last = lambda v: v.to(memory_format=torch.channels_last)
    def autocast(call):
        def run():
            with torch.autocast('cuda', torch.bfloat16): call()
        return run
    with FlopCounterMode(display=False) as count: step(ours, x, t, target)()
    calls = {'plain': (ours, x, t), 'diffusers': (theirs, x, t - 1), 'denoising-diffusion-pytorch': (third, x, t - 1)}
    took = {name: seconds(autocast(step(n, a, b, target))) for name, (n, a, b) in calls.items()}
    ours = last(ours); took['channels-last'] = seconds(autocast(step(ours, last(x), t, target)))
    took['compiled'] = seconds(autocast(step(torch.compile(ours), last(x), t, target)))
    took['compiled, CUDA graphs'] = seconds(autocast(step(torch.compile(ours, mode='reduce-overhead'), last(x), t, target)))
    a, b = torch.randn(2, 8192, 8192, device='cuda', dtype=torch.bfloat16)
    peak = 2*8192**3/seconds(lambda: a @ b)
    name, best = torch.cuda.get_device_name(), min((k for k in took if k not in ('diffusers', 'denoising-diffusion-pytorch')), key=took.get)
    rows = [row(f'CIFAR-10 step, batch {batch}', f'{k} over plain', v/took['plain'], '', 1e3*v, 1e3*took['plain'], note=name) for k, v in took.items()]
    rows += [row(f'{best}, best here', f"over {peer}'s", took[best]/took[peer], '<= 1.0', 1e3*took[best], 1e3*took[peer]) for peer in ('diffusers', 'denoising-diffusion-pytorch')]
    rows.append(row(best, 'share of the bfloat16 peak of a matrix product', count.get_total_flops()/took[best]/peak))
    def draw():
        with torch.autocast('cuda', torch.bfloat16): sample(Schedule.linear(), lambda x, t: ours(x, t).float(), 512, (3, 32, 32), seed=0, batch_size=512, steps=10, device='cuda')
    rows.append(row('sampling, 100 evaluations an image', 'images a second', 51.2/seconds(draw, 1)))
    return save('gpu', rows)
