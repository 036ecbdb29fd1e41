"""What each notebook's test costs: seconds of `nbdev_test` with two workers of one thread each, and of them all."""
import os
import re
import subprocess
import time

from benchmarks.common import ROOT, row, save


def main(full=True):
    begin = time.perf_counter()
    test = subprocess.run(['nbdev_test', '--timing', '--n_workers', '2'], cwd=ROOT, capture_output=True, text=True,
                          env=os.environ | dict(OMP_NUM_THREADS='1'))
    took, out = time.perf_counter() - begin, test.stdout + test.stderr
    if test.returncode: raise RuntimeError(f'nbdev_test fails: {out[-2000:]}')
    each = re.findall(r'^(\w+)\.ipynb: (\d+) secs', out, re.M)
    rows = [row(name, 'seconds of its test, two at a time', float(seconds)) for name, seconds in each]
    rows.append(row('all', 'minutes of nbdev_test on 2 cores', took/60, '<= 4'))
    return save('notebooks', rows)
