"""Make diffprop/digits, the pipeline that ships, from a finished run of 14_few_steps at preset digits.

    python .ci/digits.py    writes it from seed 0's run, which runs/ must hold
"""
from pathlib import Path

from diffusers import DDPMPipeline

from diffprop.lab.networks import Lab
from diffprop.pipelines import open_source
from diffprop.places import SHIPPED

lab = Lab('digits', device='cpu', held_out=.2)
config = lab.config('digits', 'ddpm', 0, steps=6000)
folder = lab.folder('digits', config)
if not (folder/'train.json').exists(): raise SystemExit(f'{folder} is not there: run 14_few_steps first')
DDPMPipeline(*open_source(folder)).save_pretrained(SHIPPED)
print(f'{SHIPPED}: {sum(f.stat().st_size for f in Path(SHIPPED).rglob("*") if f.is_file()):,} bytes')
