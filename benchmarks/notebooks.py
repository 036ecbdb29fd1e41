"""Seconds that each notebook's test takes, with two workers of one thread each, and minutes of them all."""
import os
import re
import subprocess
import time

from benchmarks.common import ROOT, row, save


def main(full=True):
    begin, one_thread = time.perf_counter(), os.environ | dict(OMP_NUM_THREADS='1')
    command = ['nbdev_test', '--timing', '--n_workers', '2']
    test = subprocess.run(command, cwd=ROOT, env=one_thread, capture_output=True, text=True)
    took, out = time.perf_counter() - begin, test.stdout + test.stderr
    if test.returncode: raise RuntimeError(f'nbdev_test fails: {out[-2000:]}')
    each = re.findall(r'^(\w+)\.ipynb: (\d+) secs', out, re.M)
    rows = [row(name, 'seconds of its test, two at a time', float(seconds)) for name, seconds in each]
    rows.append(row('all', 'minutes of nbdev_test on 2 cores', took/60, '<= 4'))
    return save('notebooks', rows)
