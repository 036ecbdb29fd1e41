"""An update of `refine` by the paper's loss on a short chain, beside the whole chain's (MMD-DDM's scheme).

MMD-DDM (arXiv 2301.07969) takes the gradient of one MMD at t = 0 back through all steps of the sampler; its
memory grows with the chain. The bootstrapped loss (Eq. 15) takes the gradient through the last module alone.
"""
import torch

from benchmarks.common import row, save, take_turns, versus
from diffprop.adapters import from_diffusers
from diffprop.lab.data import load_images, to_float
from diffprop.lab.devices import peak_memory
from diffprop.pipelines import open_source
from diffprop.short_chain import null_units, Plan, ShortChain, update_gradients

LOSSES = 'bootstrap', 'persistent', 'whole'


def updates(network, scheduler, steps, batch, images):
    "{loss: a call that makes one update's gradients}, of one network"
    adapted, calls = from_diffusers((network, scheduler), steps=steps), {}
    for loss in LOSSES:
        plan = Plan(loss=loss, batch_size=batch)
        chain = ShortChain(adapted.schedule, adapted.model, images, plan, adapted.step, adapted.clip, None)
        units, kept = null_units(chain), []
        def call(chain=chain, units=units, kept=kept):
            update_gradients(chain, 0, kept, units)
            network.zero_grad(set_to_none=True)
        calls[loss] = call
    return calls


def compared(steps, batch, rounds):
    network, scheduler = open_source('digits')
    calls = updates(network.requires_grad_(True), scheduler, steps, batch, to_float(load_images('digits')))
    case, seconds = f'digits, {steps} steps, batch {batch}', take_turns(calls, rounds)
    memory = {loss: peak_memory(call)/2**20 for loss, call in calls.items()}
    for loss in LOSSES[:-1]:
        over = f"over the whole chain's, {loss}"
        yield versus(seconds, loss, 'whole', case, f'time of an update {over}')
        yield row(case, f'extra memory {over}', memory[loss]/memory['whole'], '<= 0.2',
                  note=f'{case}: {loss} {memory[loss]:.0f} MB, whole {memory["whole"]:.0f} MB')


def main(full=False):
    torch.manual_seed(0)
    rows = [line for steps in (5, 10, 20) for line in compared(steps, 256, 9 if full else 3)]
    return save('refine', rows)
