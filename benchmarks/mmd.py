"""MMD^2 of two sets of samples: here, the authors' estimator, and the three matrix products that no estimator does without."""
import torch

from benchmarks.common import ms, ratio, row, save, take_turns
from diffprop.lab.devices import peak_memory
from diffprop.error import KERNELS, mmd2

def official(x, y):
    "The official code's estimator, written from its description: both sets stacked, `cdist`, five exponentials, means of the quarters"
    n, d2 = len(x), torch.cdist(*[torch.cat([x, y])]*2)**2
    k = (-d2/(d2.data.sum()/(4*n*n - 2*n)*2.**torch.arange(-2, 3).view(5, 1, 1))).exp().sum(0)
    return k[:n, :n].mean() + k[n:, n:].mean() - 2*k[:n, n:].mean()

def three_cdists(x, y, s):
    "The Laplace kernel as one would write it: `cdist(p=1)` three times"
    xx, xy, yy = ((torch.cdist(a, b, 1)/-s).exp().mean() for a, b in ((x, x), (x, y), (y, y)))
    return xx + yy - 2*xy

def pair(n, K, seed=0): return torch.randn(2, n, K, generator=torch.Generator().manual_seed(seed))
def error(value, truth): return abs(value.item()/truth.item() - 1)

def main(full=False):
    rounds, rows = 9 if full else 5, []
    for K, bound in ((3072, '<= 0.5'), (64, '<= 0.1')):
        x, y = pair(1000, K)
        ours = lambda: mmd2(x, y, 'mixture')
        with torch.no_grad(): seconds = take_turns(dict(ours=ours, official=lambda: official(x, y), floor=lambda: (x @ x.T, x @ y.T, y @ y.T)), rounds)
        case, times = f'N = M = 1000, K = {K}, mixture', dict(ours_ms=ms(seconds, 'ours'), peer_ms=ms(seconds, 'official'))
        truth = official(x.double(), y.double())
        rows.append(row(case, "time over the official estimator's", ratio(seconds, 'ours', 'official'), bound, **times, difference=error(ours(), truth)))
        rows.append(row(case, 'time over three matrix products', ratio(seconds, 'ours', 'floor'), '<= 1.5' if K == 3072 else '', ours_ms=ms(seconds, 'ours'), peer_ms=ms(seconds, 'floor')))
        own, theirs = (peak_memory(call)/2**20 for call in (ours, lambda: official(x, y)))
        rows.append(row(case, "extra memory over the official estimator's", own/theirs, '<= 0.25', note=f'K = {K}: {own:.0f} MB against {theirs:.0f} MB'))
        x.requires_grad_()
        seconds = take_turns(dict(ours=lambda: ours().backward(), official=lambda: official(x, y).backward()), rounds if full else 3)
        own, theirs = (torch.autograd.grad(value, x)[0] for value in (ours(), official(x, y)))
        rows.append(row(f'{case}, with gradient', "time over the official estimator's", ratio(seconds, 'ours', 'official'), '', ms(seconds, 'ours'), ms(seconds, 'official'),
                        ((own - theirs).abs().max()/theirs.abs().max()).item()))
    x, y = pair(1000, 64); s = 70.
    with torch.no_grad(): seconds = take_turns(dict(ours=lambda: mmd2(x, y, 'laplace', s), cdist=lambda: three_cdists(x, y, s)), rounds)
    rows.append(row('N = M = 1000, K = 64, laplace', "time over three cdist(p=1)", ratio(seconds, 'ours', 'cdist'), '', ms(seconds, 'ours'), ms(seconds, 'cdist'),
                    error(mmd2(x, y, 'laplace', s), three_cdists(x.double(), y.double(), s))))
    x, y = pair(128, 64); x.requires_grad_()  # a training step's
    for name in KERNELS:
        s = 70. if name == 'laplace' else 11.
        seconds = take_turns(dict(forward=lambda: mmd2(x, y, name, s), both=lambda: mmd2(x, y, name, s).backward()), 31)
        for what, bound in (('forward', .7), ('both', 2.)):
            rows.append(row(f'N = M = 128, K = 64, {name}', f'ms, {what}' + (' directions' if what == 'both' else ''), min(seconds[what])*1e3, f'<= {bound}', note='128 x 64: absolute, the fastest of 31'))
    x, y = (30 + 1e-3*(z + shift) for z, shift in zip(pair(1000, 64), (0., .3)))
    worst = max(error(mmd2(x, y, name, biased=b), mmd2(x.double(), y.double(), name, biased=b)) for name in ('gaussian', 'laplace', 'logistic', 'mixture') for b in (True, False))
    rows.append(row('spread 0.001 around 30, float32', 'relative error, worst of 4 kernels and U, V', worst, '<= 1e-6', difference=worst))
    same = torch.ones(20, 5, requires_grad=True)
    grads = [torch.autograd.grad(mmd2(same, torch.ones(20, 5), name, 1.), same)[0] for name in KERNELS]
    rows.append(row('all samples equal', 'share of finite gradients', float(torch.stack(grads).isfinite().float().mean()), '>= 1'))
    return save('mmd', rows)
