"""How well a notebook's checks bite: small faults, drawn at random, in the code that it exports.

    python .ci/mutants.py lab/statistics 2 23    draw 23 faults with seed 2 and try them
    python .ci/mutants.py lab/statistics         try those once more that survived and have no reason

A fault is one comparison, operator, constant, name or argument that is wrong, or a statement left out. A
forked process runs the notebook's cells with it, up to the first that fails: the fault is killed. So it is by
a hang. The checks of other notebooks do not count. What stands before the fault has run once, for all faults.

results/mutants.csv has a row a fault. The second call says `killed since` where checks that were added kill a
survivor; `why` is written by hand, the reason why no check can, or need, see it.
"""
import ast
import contextlib
import datetime
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import traceback
import types
from pathlib import Path

import nbformat
import pandas as pd

root = Path(__file__).resolve().parents[1]
file, PLACE = root/'results'/'mutants.csv', ['within', 'line', 'column', 'was', 'became']
COLUMNS, NO_FAULT = ['notebook', *PLACE, 'outcome', 'why', 'seed', 'date'], 3600  # seconds at most
BOTH_WAYS = [(ast.Add, ast.Sub), (ast.Mult, ast.Div), (ast.Lt, ast.LtE), (ast.Gt, ast.GtE), (ast.Lt, ast.Gt),
             (ast.Eq, ast.NotEq), (ast.Is, ast.IsNot), (ast.In, ast.NotIn), (ast.And, ast.Or)]
OPERATORS = [(ast.Pow, ast.Mult), *BOTH_WAYS, *((b, a) for a, b in BOTH_WAYS)]
PAIRS = 'min max, mean sum, any all, var std, zeros ones, cumsum cumprod, amin amax, floor ceil'
NAMES = {a: b for one, two in map(str.split, PAIRS.split(',')) for a, b in ((one, two), (two, one))}
UNORDERED = 'min max minimum maximum gcd isinstance getattr'.split()
DROPPED = 'sqrt exp log abs square clamp roll flip detach sigmoid'.split()  # x.sqrt() becomes x
UNSEEN = 'device non_blocking desc unit mininterval file disable total progress'.split()  # of GPUs and bars


def but(node, **fields): return type(node)(**{name: getattr(node, name) for name in node._fields} | fields)


def in_call(node):
    "Faults of a call: the function forgotten, a shorter range, neighbours exchanged, a keyword forgotten"
    name, args = getattr(node.func, 'attr', getattr(node.func, 'id', '')), node.args
    if name in DROPPED and isinstance(node.func, ast.Attribute): yield node.func.value
    if name == 'range':
        i = min(len(args) - 1, 1)  # of where it stops
        yield but(node, args=[*args[:i], ast.BinOp(args[i], ast.Sub(), ast.Constant(1)), *args[i+1:]])
    fixed = [isinstance(a, (ast.Constant, ast.Starred, ast.Lambda)) for a in args]
    for i in range(len(args) - 1 if name not in UNORDERED else 0):
        if fixed[i] or fixed[i+1] or ast.unparse(args[i]) == ast.unparse(args[i+1]): continue
        yield but(node, args=[*args[:i], args[i+1], args[i], *args[i+2:]])
    for k in node.keywords if name != 'dict' else []:
        if k.arg not in (None, *UNSEEN): yield but(node, keywords=[o for o in node.keywords if o is not k])


def faults(node):
    "Small faults in one node of a syntax tree, each as what stands in its place"
    is_a = lambda *kinds: isinstance(node, kinds)
    if is_a(ast.BinOp, ast.BoolOp):
        yield from (but(node, op=b()) for a, b in OPERATORS if isinstance(node.op, a))
    if is_a(ast.Compare):
        yield from (but(node, ops=[b(), *node.ops[1:]]) for a, b in OPERATORS if isinstance(node.ops[0], a))
    if is_a(ast.UnaryOp) and isinstance(node.op, (ast.Not, ast.USub)): yield node.operand
    if is_a(ast.Constant) and isinstance(v := node.value, (bool, int, float)):
        others = [not v] if isinstance(v, bool) else [v + 1, v - 1] if isinstance(v, int) else [2*v or 1.]
        yield from map(ast.Constant, others)
    if is_a(ast.IfExp): yield but(node, body=node.orelse, orelse=node.body)
    if is_a(ast.Attribute) and node.attr in NAMES: yield but(node, attr=NAMES[node.attr])
    if is_a(ast.Name) and node.id in NAMES: yield but(node, id=NAMES[node.id])
    if is_a(ast.Call): yield from in_call(node)
    changes = is_a(ast.Assign) and ast.unparse(node.targets[0]) in map(ast.unparse, ast.walk(node.value))
    words = is_a(ast.Expr) and isinstance(node.value, ast.Constant)
    if changes or is_a(ast.Expr, ast.AugAssign, ast.Raise) and not words: yield ast.Pass()


def nodes(node, within=''):
    "The nodes that compute something, each with its definition's name: no annotations and no messages"
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)): within = node.name
    yield node, within
    children = [(f, c) for f, v in ast.iter_fields(node) for c in (v if isinstance(v, list) else [v])]
    for field, c in children if not isinstance(node, ast.JoinedStr) else []:
        if isinstance(c, ast.AST) and field not in ('annotation', 'returns'): yield from nodes(c, within)


def mutants(cells):
    "All faults of the exported cells: (cell, its source with the fault, its place)"
    for i, source in enumerate(cells):
        if not source.startswith('#| export'): continue
        lines, text = source.encode().splitlines(keepends=True), source.encode()
        at = lambda line, column: sum(map(len, lines[:line - 1])) + column
        for node, within in nodes(ast.parse(source)):
            for other in faults(node):
                begin, end = at(node.lineno, node.col_offset), at(node.end_lineno, node.end_col_offset)
                became = ast.unparse(other)
                new = f'({became})' if isinstance(other, ast.expr) else became
                where = within, lines[node.lineno - 1].decode().strip(), str(node.col_offset)
                faulty = text[:begin] + new.encode() + text[end:]
                yield i, faulty.decode(), (*where, ast.unparse(node), became)


def survives(cells, names, limit):
    "Whether a forked process runs these cells to their end within so many seconds of the processor"
    if not (pid := os.fork()):
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
        signal.alarm(60*limit)  # and it may not sleep for ever
        try:
            for source in cells: exec(compile(source, 'a cell', 'exec'), names)
        except BaseException:
            if limit == NO_FAULT: traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return os.waitpid(pid, 0)[1] == 0


def outcomes(cells, drawn):
    "Run the drawn mutants: {place: whether it survives}"
    names, scratch, found = vars(sys.modules['__main__']), Path(tempfile.tempdir), {}
    if not survives(cells, names, NO_FAULT): sys.exit('the notebook fails without a fault')
    limit = 10 + int(3*resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime)
    for i, source in enumerate(cells):
        for faulty, where in [m[1:] for m in drawn if m[0] == i]:
            shutil.copytree(scratch, scratch.with_suffix('.kept'))  # a fork's files are not the next one's
            found[where] = alive = survives([faulty, *cells[i+1:]], names, limit)
            shutil.rmtree(scratch)
            scratch.with_suffix('.kept').rename(scratch)
            if alive: print('survived:', *where, sep='  ', file=sys.stderr)
        exec(compile(source, 'a cell', 'exec'), names)
    return found


def main(name, *drawing):
    path, rows = root/'nbs'/f'{name}.ipynb', pd.DataFrame(columns=COLUMNS)
    if file.exists(): rows = pd.read_csv(file, dtype=str, keep_default_na=False)
    cells = [cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == 'code']
    cells = [c for c in cells if not any(words in c for words in ('nbdev_export(', '#| eval: false'))]
    every = list(mutants(cells))
    if drawing:
        kept, seed, killed = rows[rows.notebook != name], int(drawing[0]), 'killed'
        drawn = random.Random(f'{seed} {name}').sample(every, int(drawing[1]))
    else:
        again = (rows.notebook == name) & (rows.outcome == 'survived') & (rows.why == '')
        left, kept, killed = set(map(tuple, rows[again][PLACE].to_numpy())), rows[~again], 'killed since'
        drawn, seed = [m for m in every if m[2] in left], rows.seed[rows.notebook == name].iloc[0]

    os.environ.update(IN_TEST='1', MPLBACKEND='agg')
    os.chdir(path.parent)
    sys.modules['__main__'] = types.ModuleType('__main__')
    vars(sys.modules['__main__'])['display'] = lambda *shown, **how: None
    signal.signal(signal.SIGINT, signal.default_int_handler)  # which a job in the background lacks
    with tempfile.TemporaryDirectory() as folder, open(os.devnull, 'w') as null:
        tempfile.tempdir = f'{folder}/scratch'
        os.mkdir(tempfile.tempdir)
        with contextlib.redirect_stdout(null): found = outcomes(cells, drawn)
    new = [(name, *where, 'survived' if alive else killed, '', seed, datetime.date.today())
           for where, alive in found.items()]
    rows = pd.concat([kept, pd.DataFrame(new, columns=COLUMNS)]).sort_values('notebook', kind='stable')
    rows.to_csv(file, index=False, lineterminator='\n')
    print(name, rows.outcome[rows.notebook == name].value_counts().to_dict())


if __name__ == '__main__': main(*sys.argv[1:])
