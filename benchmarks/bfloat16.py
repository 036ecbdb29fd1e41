"""Training in bfloat16 on a CPU, beside float32: an update both ways, in turn."""
from benchmarks.common import row, save, take_turns, ms, ratio
from benchmarks.compiling import apart, both_ways, CASES
from diffprop.lab.devices import keep_memory


def of_case(name):
    "The row of a case"
    sides, rounds = both_ways(name, 'amp', compile=False)
    seconds = take_turns({str(amp): call for amp, (call, *_) in sides.items()}, rounds)
    return row(name, 'an update in bfloat16 over one in float32', ratio(seconds, 'True', 'False'), '',
               ms(seconds, 'True'), ms(seconds, 'False'), apart(sides),
               'difference: of the losses, the largest relative one')


def main(full=False):
    keep_memory()
    return save('bfloat16', [of_case(name) for name in CASES])
