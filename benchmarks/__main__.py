"""python -m benchmarks [subject ...] [--full]: print tables and write results/benchmarks/*.csv; the quick set takes under 10 minutes on 2 cores."""
import argparse, importlib, os, time

os.environ['OMP_NUM_THREADS'] = '1'  # before torch is loaded
SUBJECTS = ('unet', 'mmd', 'measuring', 'regularizer', 'main_job', 'gpu', 'direction', 'effect', 'notebooks')

parser = argparse.ArgumentParser(prog='python -m benchmarks', description=__doc__)
parser.add_argument('subjects', nargs='*', help=f'any of {", ".join(SUBJECTS)}; none: all')
parser.add_argument('--full', action='store_true', help='larger sizes and more rounds, and the subjects effect and notebooks')
given = parser.parse_args()
if unknown := [s for s in given.subjects if s not in SUBJECTS]: parser.error(f'subject must be among {", ".join(SUBJECTS)}, got {unknown[0]}')
begin = time.time()
for subject in given.subjects or SUBJECTS: importlib.import_module(f'benchmarks.{subject}').main(full=given.full)
print(f'\n{time.time() - begin:.0f} seconds, of which {time.process_time():.0f} of this process\'s own')
