"""A training step of the network, here and in two other libraries, beside the peak of a convolution."""
import copy
import warnings

import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.common import conv_peak, ms, ratio, row, save, take_turns, versus
from diffprop.unet import UNet, diffusers_config, to_diffusers

warnings.filterwarnings('ignore')
SMALL = dict(channels=1, size=8, width=16, mults=(1, 1), blocks=1, attention=(), dropout=0.)
CASES = {  # name: (UNet's arguments, batch, denoising-diffusion-pytorch's dim_mults and full_attn)
    'digits, 8x8': (SMALL, 64, ((1, 1), (False, True))),
    'CIFAR-10, 32x32': (dict(dropout=0.), 2, ((1, 2, 2, 2), (False, True, False, False))),
}


def step(network, x, t, target):
    "Forward and backward of the mean squared error; a network that wraps its output is unwrapped"
    def run():
        network.zero_grad(set_to_none=True)
        out = network(x, t)
        prediction = out if isinstance(out, torch.Tensor) else out.sample
        (prediction - target).square().mean().backward()
    return run


def forward(network, x, t):
    with torch.no_grad(): return network(x, t)


def gap(a, b): return (a - b).abs().max().item()


def networks(name):
    "(ours, diffusers' with the same weights, denoising-diffusion-pytorch's nearest)"
    from denoising_diffusion_pytorch import Unet
    from diffusers import UNet2DModel
    config, _, (mults, full) = CASES[name]
    torch.manual_seed(0)
    ours = UNet(**config)
    # layers that begin near zero would hide the rest
    for p in ours.parameters(): p.data.add_(.02*torch.randn_like(p))
    theirs = UNet2DModel(**diffusers_config(ours))
    theirs.load_state_dict(to_diffusers(ours))
    third = Unet(ours.config['width'], dim_mults=mults, channels=ours.config['channels'], full_attn=full)
    return ours, theirs, third


def inputs(network, batch):
    "x, t and the target of a step"
    c = network.config
    x, target = torch.randn(2, batch, c['channels'], c['size'], c['size'])
    return x, torch.randint(1, 1001, (batch,)), target


def beside_peers(name, three, x, t, target, rounds):
    ours, theirs, third = three
    seconds = take_turns(dict(ours=step(ours, x, t, target), diffusers=step(theirs, x, t - 1, target),
                              ddp=step(third, x, t - 1, target)), rounds)
    sizes = [f'{sum(p.numel() for p in n.parameters()):,}' for n in three]
    note = f'{name}: batch {len(x)}; parameters here and diffusers {sizes[0]}, ' \
           f'denoising-diffusion-pytorch {sizes[2]} (its blocks differ)'
    apart = gap(forward(ours, x, t), forward(theirs, x, t - 1).sample)
    bounds = ('<= 1.0', '<= 0.5') if name.startswith('digits') else ('<= 0.95', '')
    measured = "step over diffusers'", "step over denoising-diffusion-pytorch's"
    return [versus(seconds, 'ours', 'diffusers', name, measured[0], bounds[0], apart, note),
            versus(seconds, 'ours', 'ddp', name, measured[1], bounds[1])]


def beside_peak(name, ours, batch, rounds, peak):
    call = step(ours, *inputs(ours, batch))
    seconds = take_turns(dict(ours=call), rounds)['ours']
    with FlopCounterMode(display=False) as count: call()
    rate = count.get_total_flops()*1e-9/min(seconds)
    note = f'the best 3x3 convolution does {peak:.0f} GFLOP/s here; {name}, batch {batch}: {rate:.0f} GFLOP/s'
    target = '' if name.startswith('digits') else '>= 0.7'
    return row(name, f"share of the convolution's peak, batch {batch}", rate/peak, target, note=note)


def channels_last(name, ours, x, t, target, rounds):
    last = copy.deepcopy(ours).to(memory_format=torch.channels_last)
    x_last = x.to(memory_format=torch.channels_last)
    calls = dict(step=step(ours, x, t, target), step_last=step(last, x_last, t, target),
                 forward=lambda: forward(ours, x, t), forward_last=lambda: forward(last, x_last, t))
    seconds = take_turns(calls, rounds)
    apart = gap(forward(ours, x, t), forward(last, x_last, t))
    what = 'channels-last over the default'
    return [versus(seconds, 'step_last', 'step', name, f'{what}, training step'),
            versus(seconds, 'forward_last', 'forward', name, f'{what}, forward only', difference=apart)]


def bfloat16(rounds=3):
    conv, x = torch.nn.Conv2d(128, 128, 3, padding=1), torch.randn(4, 128, 16, 16)
    conv16, x16 = copy.deepcopy(conv).bfloat16(), x.bfloat16()
    calls = dict(float32=lambda: conv(x), bfloat16=lambda: conv16(x16))
    with torch.no_grad(): seconds = take_turns(calls, rounds)
    speed, times = ratio(seconds, 'float32', 'bfloat16'), (ms(seconds, 'bfloat16'), ms(seconds, 'float32'))
    return row('3x3 convolution, 128 channels', 'bfloat16: speed over float32', speed, '>= 1.7', *times,
               note='bfloat16 pays with AVX512-BF16 or AMX only; elsewhere it is emulated')


def main(full=False):
    rows, peak = [], conv_peak()
    for name, (_, batch, _) in CASES.items():
        small = name.startswith('digits')
        three = networks(name)
        x, t, target = inputs(three[0], batch)
        rows += beside_peers(name, three, x, t, target, 21 if small else 7 if full else 4)
        for size in (batch,) if small else (batch, 8):  # with few images, reading the weights still counts
            rows.append(beside_peak(name, three[0], size, 21 if small else 3, peak))
        rows += channels_last(name, three[0], x, t, target, 21 if small else 4)
    return save('unet', [*rows, bfloat16()])
