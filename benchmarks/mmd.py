"""MMD^2 of two sets of samples: here, by the authors, in geomloss and KeOps, and three matrix products."""
import torch

from benchmarks.common import row, save, take_turns, versus
from diffprop.error import KERNELS, mmd2
from diffprop.lab.devices import peak_memory

OFFICIAL = "time over the official estimator's"


def official(x, y):
    "The official code's estimator, from its description: both sets stacked, `cdist`, five exponentials"
    n, z = len(x), torch.cat([x, y])
    d2 = torch.cdist(z, z)**2
    bandwidths = d2.detach().sum()/(4*n*n - 2*n)*2.**torch.arange(-2, 3, device=d2.device).view(5, 1, 1)
    k = (-d2/bandwidths).exp().sum(0)
    return k[:n, :n].mean() + k[n:, n:].mean() - 2*k[:n, n:].mean()


def three_cdists(x, y, s):
    "The Laplace kernel as one would write it: `cdist(p=1)` three times"
    xx, xy, yy = ((torch.cdist(a, b, 1)/-s).exp().mean() for a, b in ((x, x), (x, y), (y, y)))
    return xx + yy - 2*xy


def pair(n, K, seed=0): return torch.randn(2, n, K, generator=torch.Generator().manual_seed(seed))


def error(value, truth): return abs(value.item()/truth.item() - 1)


def mixture(n, K, rounds, bound):
    "Time and memory of the value, beside the official estimator's"
    (x, y), case = pair(n, K), f'N = M = {n}, K = {K}, mixture'
    ours, theirs = lambda: mmd2(x, y, 'mixture'), lambda: official(x, y)
    floor, at_floor = lambda: (x @ x.T, x @ y.T, y @ y.T), '<= 1.5' if K == 3072 else ''
    with torch.no_grad(): seconds = take_turns(dict(ours=ours, official=theirs, floor=floor), rounds)
    off = error(ours(), official(x.double(), y.double()))
    own, other = (peak_memory(call)/2**20 for call in (ours, theirs))
    return [versus(seconds, 'ours', 'official', case, OFFICIAL, bound, off),
            versus(seconds, 'ours', 'floor', case, 'time over three matrix products', at_floor),
            row(case, "extra memory over the official estimator's", own/other, '<= 0.25',
                note=f'K = {K}: {own:.0f} MB against {other:.0f} MB')]


def mixture_with_gradient(n, K, rounds):
    (x, y), case = pair(n, K), f'N = M = {n}, K = {K}, mixture, with gradient'
    x.requires_grad_()
    estimates = dict(ours=lambda: mmd2(x, y, 'mixture'), official=lambda: official(x, y))
    backward = lambda call: lambda: call().backward()
    seconds = take_turns({name: backward(call) for name, call in estimates.items()}, rounds)
    own, theirs = (torch.autograd.grad(call(), x)[0] for call in estimates.values())
    off = (own - theirs).abs().max()/theirs.abs().max()
    return versus(seconds, 'ours', 'official', case, OFFICIAL, difference=off.item())


def laplace(n, rounds, s=70.):
    x, y = pair(n, 64)
    calls = dict(ours=lambda: mmd2(x, y, 'laplace', s), cdist=lambda: three_cdists(x, y, s))
    with torch.no_grad(): seconds = take_turns(calls, rounds)
    case, truth = f'N = M = {n}, K = 64, laplace', three_cdists(x.double(), y.double(), s)
    off = error(mmd2(x, y, 'laplace', s), truth)
    return versus(seconds, 'ours', 'cdist', case, 'time over three cdist(p=1)', difference=off)


def geomloss_peer(s):
    "Twice the loss of geomloss's dense backend is the V-statistic; None where it is not installed"
    try: from geomloss import SamplesLoss
    except ModuleNotFoundError: return None
    loss = SamplesLoss('gaussian', blur=s)
    return lambda x, y: 2*loss(x, y)


def pykeops_peer(s):
    "Sums that KeOps compiles and never holds as a matrix; None where it is not installed"
    try: from pykeops.torch import Vi, Vj
    except ModuleNotFoundError: return None
    mean = lambda a, b: (((Vi(a) - Vj(b))**2).sum(-1)/(-2*s*s)).exp().sum(1).mean()/len(b)
    return lambda x, y: mean(x, x) + mean(y, y) - 2*mean(x, y)


PEERS = dict(geomloss=geomloss_peer, pykeops=pykeops_peer)


def beside(name, n, rounds, s=11.):
    "The Gaussian kernel here and in a peer's code, where that is installed"
    if (theirs := PEERS[name](s)) is None:
        print(f'{name} is not installed: no rows beside it')
        return []
    (x, y), case = pair(n, 64), f'N = M = {n}, K = 64, gaussian'
    x.requires_grad_()
    calls = {'ours': lambda: mmd2(x, y, 'gaussian', s), name: lambda: theirs(x, y)}
    off = error(mmd2(x.double(), y.double(), 'gaussian', s), calls[name]())
    backward = lambda call: lambda: call().backward()
    both = take_turns({which: backward(call) for which, call in calls.items()}, rounds)
    with torch.no_grad(): forward = take_turns(calls, rounds)
    rows = [versus(forward, 'ours', name, case, f"time over {name}'s", '<= 1', off),
            versus(both, 'ours', name, case, f"time over {name}'s, with gradient", '<= 1')]
    if name == 'pykeops': return rows  # its memory is not torch's to count
    own, other = (peak_memory(backward(call))/2**20 for call in calls.values())
    return [*rows, row(case, f"extra memory over {name}'s, with gradient", own/other, '<= 1',
                       note=f'N = {n}: {own:.1f} MB against {other:.1f} MB with {name}')]


def precision():
    "Relative error in float32, where the samples lie close together and far from the origin"
    x, y = (30 + 1e-3*(z + shift) for z, shift in zip(pair(1000, 64), (0., .3)))
    kernels = ('gaussian', 'laplace', 'logistic', 'mixture')
    worst = max(error(mmd2(x, y, name, biased=biased), mmd2(x.double(), y.double(), name, biased=biased))
                for name in kernels for biased in (True, False))
    case = 'spread 0.001 around 30, float32'
    return row(case, 'relative error, worst of 4 kernels and U, V', worst, '<= 1e-6', difference=worst)


def finite():
    "Gradients where all samples are equal and every distance is 0"
    same, ones = torch.ones(20, 5, requires_grad=True), torch.ones(20, 5)
    grads = torch.stack([torch.autograd.grad(mmd2(same, ones, name, 1.), same)[0] for name in KERNELS])
    share = grads.isfinite().float().mean().item()
    return row('all samples equal', 'share of finite gradients', share, '>= 1')


def main(full=False, n=1000):
    rounds, rows = 9 if full else 5, []
    for K, bound in ((3072, '<= 0.5'), (64, '<= 0.1')):
        rows += mixture(n, K, rounds, bound)
        rows.append(mixture_with_gradient(n, K, rounds if full else 3))
    rows.append(laplace(n, rounds))
    for peer in PEERS:
        for size in (128, n): rows += beside(peer, size, 31 if size < n else rounds)
    return save('mmd', [*rows, precision(), finite()])
