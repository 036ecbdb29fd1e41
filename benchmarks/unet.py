"""A training step of the network: here, diffusers, denoising-diffusion-pytorch, and the convolution's peak."""
import warnings

import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.common import conv_peak, ms, ratio, row, save, take_turns
from diffprop.unet import UNet, diffusers_config, to_diffusers

warnings.filterwarnings('ignore')
CASES = {  # name: (UNet's arguments, batch, denoising-diffusion-pytorch's dim_mults and full_attn)
    'digits, 8x8': (dict(channels=1, size=8, width=16, mults=(1, 1), blocks=1, attention=(), dropout=0.), 64, ((1, 1), (False, True))),
    'CIFAR-10, 32x32': (dict(dropout=0.), 2, ((1, 2, 2, 2), (False, True, False, False))),
}

def step(network, x, t, target):
    "Forward and backward of the mean squared error; a network that wraps its answer is unwrapped"
    def run():
        network.zero_grad(set_to_none=True)
        out = network(x, t)
        ((out if isinstance(out, torch.Tensor) else out.sample) - target).square().mean().backward()
    return run

def networks(name):
    "(ours, diffusers' with the same weights, denoising-diffusion-pytorch's nearest)"
    from denoising_diffusion_pytorch import Unet
    from diffusers import UNet2DModel
    config, _, (mults, full) = CASES[name]
    torch.manual_seed(0)
    ours = UNet(**config)
    for p in ours.parameters(): p.data.add_(.02*torch.randn_like(p))  # the layers that begin near zero would hide the rest
    theirs = UNet2DModel(**diffusers_config(ours)); theirs.load_state_dict(to_diffusers(ours))
    return ours, theirs, Unet(ours.config['width'], dim_mults=mults, channels=ours.config['channels'], full_attn=full)

def main(full=False):
    rows, peak = [], conv_peak()
    for name, (config, batch, _) in CASES.items():
        small = config.get('size', 32) == 8
        ours, theirs, third = networks(name)
        x, target = torch.randn(2, batch, ours.config['channels'], ours.config['size'], ours.config['size'])
        t = torch.randint(1, 1001, (batch,))
        with torch.no_grad(): gap = (ours(x, t) - theirs(x, t - 1).sample).abs().max().item()
        calls = dict(ours=step(ours, x, t, target), diffusers=step(theirs, x, t - 1, target), ddp=step(third, x, t - 1, target))
        seconds = take_turns(calls, 21 if small else 7 if full else 4)
        sizes = [sum(p.numel() for p in n.parameters()) for n in (ours, theirs, third)]
        rows.append(row(name, "step over diffusers'", ratio(seconds, 'ours', 'diffusers'), '<= 1.0' if small else '<= 0.95', ms(seconds, 'ours'), ms(seconds, 'diffusers'), gap,
                        note=f'{name}: batch {batch}; parameters here and diffusers {sizes[0]:,}, denoising-diffusion-pytorch {sizes[2]:,} (its blocks differ)'))
        rows.append(row(name, "step over denoising-diffusion-pytorch's", ratio(seconds, 'ours', 'ddp'), '<= 0.5' if small else '', ms(seconds, 'ours'), ms(seconds, 'ddp')))
        for size in (batch,) if small else (batch, 8):  # with few images the reading of the weights is not yet outweighed
            call = calls['ours'] if size == batch else step(ours, *(z.repeat_interleave(size//batch, 0) for z in (x, t, target)))
            took = seconds['ours'] if size == batch else take_turns(dict(ours=call), 2)['ours']
            with FlopCounterMode(display=False) as count: call()
            rate = count.get_total_flops()*1e-9/min(took)
            rows.append(row(name, f"share of the convolution's peak, batch {size}", rate/peak, '' if small else '>= 0.7', note=f'the best 3x3 convolution does {peak:.0f} GFLOP/s here; {name}, batch {size}: {rate:.0f} GFLOP/s'))
        last = UNet(**ours.config).to(memory_format=torch.channels_last); last.load_state_dict(ours.state_dict())
        x_last = x.to(memory_format=torch.channels_last)
        def forward(network, x):
            with torch.no_grad(): return network(x, t)
        seconds = take_turns(dict(ours=calls['ours'], last=step(last, x_last, t, target), forward=lambda: forward(ours, x), forward_last=lambda: forward(last, x_last)), 21 if small else 4)
        gap = (forward(ours, x) - forward(last, x_last)).abs().max().item()
        rows.append(row(name, 'channels-last over the default, training step', ratio(seconds, 'last', 'ours'), '', ms(seconds, 'last'), ms(seconds, 'ours')))
        rows.append(row(name, 'channels-last over the default, forward only', ratio(seconds, 'forward_last', 'forward'), '', ms(seconds, 'forward_last'), ms(seconds, 'forward'), gap))
    a, b = torch.randn(4, 128, 16, 16), torch.nn.Conv2d(128, 128, 3, padding=1)
    half, b16 = a.bfloat16(), torch.nn.Conv2d(128, 128, 3, padding=1).bfloat16()
    with torch.no_grad(): seconds = take_turns(dict(float32=lambda: b(a), bfloat16=lambda: b16(half)), 3)
    rows.append(row('3x3 convolution, 128 channels', 'bfloat16: speed over float32', ratio(seconds, 'float32', 'bfloat16'), '>= 1.7', ms(seconds, 'bfloat16'), ms(seconds, 'float32'),
                    note='bfloat16 pays with AVX512-BF16 or AMX only; elsewhere it is emulated'))
    return save('unet', rows)
