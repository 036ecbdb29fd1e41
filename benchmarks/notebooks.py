"""What each notebook's test costs: CPU seconds of `nbdev_test`, one notebook after the other."""
import os, resource, subprocess

from benchmarks.common import ROOT, row, save

def main(full=False):
    if not full: return print('\nnotebooks: only with --full (minutes)')
    rows, spent = [], lambda: sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
    for path in sorted((ROOT/'nbs').glob('*.ipynb')):
        before = spent()
        test = subprocess.run(['nbdev_test', '--path', path, '--n_workers', '0'], cwd=ROOT, env=os.environ | dict(OMP_NUM_THREADS='1'), capture_output=True, text=True)
        if test.returncode: raise RuntimeError(f'{path.name} fails: {(test.stdout + test.stderr)[-2000:]}')
        rows.append(row(path.stem, 'CPU seconds of its test', spent() - before))
    rows.append(row('all', 'minutes on 2 cores', sum(r['value'] for r in rows)/120, '<= 4'))
    return save('notebooks', rows)
