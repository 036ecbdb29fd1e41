"""How much harder networks of photographs find other images than their own samples (models/likeness).

Needs the networks of preset cpu and the archives that they were trained on, in runs/ and runs/data.
"""
import torch

from benchmarks.common import ROOT, row, save
from diffprop.adapters import Adapted
from diffprop.lab.config import make_schedule
from diffprop.lab.data import to_float
from diffprop.few_steps import few_step_chain
from diffprop.lab.runs import Lab
from diffprop.likeness import times_harder
from diffprop.schedule import sample, seeded

ARCHIVES = dict(cifar10='cifar10-train.zip', imagenet32='imagenet32-30k.zip', celeba64='celeba-10k.zip')


def changed(images):
    "What one may do to images by mistake, or give in their place"
    yield 'upside down', images.flip(2)
    yield 'red and blue exchanged', images[:, [2, 1, 0]]
    yield 'inverted', -images
    yield 'range 0 to 1', (images + 1)/2
    grey = torch.rand(len(images), 1, *images.shape[2:], generator=seeded(1))
    yield 'grey noise', (2*grey - 1).expand_as(images)
    yield 'halved and enlarged', torch.nn.functional.interpolate(
        torch.nn.functional.avg_pool2d(images, 2), scale_factor=2, mode='bilinear')


def ratios(lab, data, seed, images, held):
    "{what: how many times as hard as the network's own samples}"
    config = lab.config(data, 'ddpm', seed)
    schedule, network = make_schedule(config), lab.network(data, config)
    chain, step = few_step_chain(schedule, 50, 'ancestral')
    own = sample(chain, network, 128, tuple(images[data].shape[1:]), seed=7, step=step)
    adapted = Adapted(network, schedule, tuple(own.shape[1:]))
    given = {'training images': images[data], 'held-out images': held[data]}
    given |= {f'images of {other}': images[other] for other in images if other != data}
    given |= dict(changed(images[data]))
    return {what: times_harder(adapted, x, own) for what, x in given.items()}


def main(full=False):
    lab = Lab('cpu', device='cpu', data_path={k: ROOT/'runs'/'data'/v for k, v in ARCHIVES.items()})
    images = {data: to_float(lab.images(data)[:128]) for data in ARCHIVES}
    held, rows = {data: to_float(lab.held_out_images(data)[:128]) for data in ARCHIVES}, []
    for data in ARCHIVES:
        found = [ratios(lab, data, seed, images, held) for seed in range(3)]
        for what in found[0]:
            values = [ratio[what] for ratio in found]
            note = 'three networks each: ' + ', '.join(f'{v:.2f}' for v in values)
            rows.append(row(f'network of {data}', what, sum(values)/3, note=f'{data}, {what}, {note}'))
    return save('likeness', rows)
