"""What each notebook's test costs: seconds of `nbdev_test` with two workers of one thread each, and of them all."""
import os, re, subprocess, time

from benchmarks.common import ROOT, row, save

def main(full=False):
    if not full: return print('\nnotebooks: only with --full (minutes)')
    begin = time.perf_counter()
    test = subprocess.run(['nbdev_test', '--timing', '--n_workers', '2'], cwd=ROOT, env=os.environ | dict(OMP_NUM_THREADS='1'), capture_output=True, text=True)
    took, said = time.perf_counter() - begin, test.stdout + test.stderr
    if test.returncode: raise RuntimeError(f'nbdev_test fails: {said[-2000:]}')
    rows = [row(name, 'seconds of its test, two at a time', float(seconds)) for name, seconds in re.findall(r'^(\w+)\.ipynb: (\d+) secs', said, re.M)]
    rows.append(row('all', 'minutes of nbdev_test on 2 cores', took/60, '<= 4'))
    return save('notebooks', rows)
