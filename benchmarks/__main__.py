"""Measure what things cost, print the tables and write them to results/benchmarks/*.csv.

The quick set takes under ten minutes on two cores.
"""
import argparse
import importlib
import os
import time

os.environ['OMP_NUM_THREADS'] = '1'  # before torch is loaded
SUBJECTS = ('unet', 'mmd', 'measuring', 'regularizer', 'refine', 'main_job', 'growth', 'gpu', 'direction',
            'effect', 'notebooks', 'compiling', 'bfloat16', 'likeness')
LONG = ('direction', 'effect', 'notebooks', 'compiling', 'bfloat16', 'likeness')  # only with --full

parser = argparse.ArgumentParser(prog='python -m benchmarks', description=__doc__)
parser.add_argument('subjects', nargs='*', help=f'any of {", ".join(SUBJECTS)}; none: all')
parser.add_argument('--full', action='store_true', help=f'more rounds, and the subjects {", ".join(LONG)}')
given = parser.parse_args()
for subject in given.subjects:
    if subject not in SUBJECTS: parser.error(f'subject must be among {", ".join(SUBJECTS)}, got {subject}')

begin = time.time()
for subject in given.subjects or SUBJECTS:
    if subject in LONG and not given.full: print(f'\n{subject}: only with --full')
    else: importlib.import_module(f'benchmarks.{subject}').main(full=given.full)
print(f'\n{time.time() - begin:.0f} seconds, {time.process_time():.0f} of them in this process')
