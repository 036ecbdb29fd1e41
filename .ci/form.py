"""What the code must look like, in notebooks, modules, benchmarks and here.

    python .ci/form.py    fails on a line over 110 columns, on two statements in a line, on a module over 250
                          exported lines, on export cells over 45 lines or, at the median, over 15, and on a
                          module of the paper or the lab that imports from a floor above it
"""
import io
import re
import statistics
import sys
import tokenize
from pathlib import Path

import nbformat

COLUMNS, MODULE, CELL, MEDIAN = 110, 250, 45, 15
root = Path(__file__).resolve().parents[1]
faults = []


def check_lines(where, source):
    "All lines, but for those of __all__, which nbdev writes"
    written = re.search(r'^__all__ = .*?\]$', source, re.M | re.S)
    hidden = written[0].splitlines() if written else []
    for number, line in enumerate(source.splitlines(), 1):
        if len(line) > COLUMNS and line not in hidden:
            faults.append(f'{where}, line {number}: {len(line)} columns, {COLUMNS} at most')


def check_statements(where, source):
    "Semicolons that end a statement; one at the end of a cell, which silences its value, is none"
    lines = source.rstrip().removesuffix(';').splitlines()
    code = '\n'.join('' if line.startswith(('!', '%')) else line for line in lines)
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        if token.type == tokenize.OP and token.string == ';':
            faults.append(f'{where}, line {token.start[0]}: two statements in a line')


def check_exports(where, cells):
    "Sizes of exported cells, without blank lines and the directive"
    sizes = [sum(bool(line.strip()) for line in cell.splitlines()) - 1 for cell in cells]
    if not sizes: return
    if sum(sizes) > MODULE: faults.append(f'{where}: {sum(sizes)} exported lines, {MODULE} at most')
    if max(sizes) > CELL: faults.append(f'{where}: an export cell of {max(sizes)} lines, {CELL} at most')
    median = statistics.median(sizes)
    if median > MEDIAN:
        faults.append(f'{where}: export cells of {median:g} lines at the median, {MEDIAN} at most')


def check_floors(where, source, paper):
    "A module of the paper imports from the paper alone, one of the lab from the paper and the lab"
    in_lab = where.parent.name == 'lab'
    if not in_lab and where.stem not in paper: return
    for dots, name in re.findall(r'^from (\.+)(\w+)', source, re.M):
        if in_lab and dots == '.' or name in paper: continue
        faults.append(f'{where}: imports {name}, which stands above it')


pages = [p for p in (root/'nbs').rglob('[!._]*.ipynb') if '.ipynb_checkpoints' not in p.parts]
for path in sorted(pages):
    name, cells = path.relative_to(root), nbformat.read(path, 4).cells
    code = [(i, cell.source) for i, cell in enumerate(cells) if cell.cell_type == 'code']
    for i, source in code:
        check_lines(f'{name} cell {i}', source)
        check_statements(f'{name} cell {i}', source)
    check_exports(name, [source for _, source in code if source.startswith('#| export')])

scripts = [*(root/'benchmarks').glob('*.py'), *(root/'.ci').glob('*.py'), root/'setup.py']
exports = re.compile(r'^#\| default_exp (\w+)$', re.M)
paper = {exports.search(c.source)[1] for p in (root/'nbs').glob('0*.ipynb')
         for c in nbformat.read(p, 4).cells if exports.search(c.source)}
modules = [p for p in (root/'diffprop').rglob('*.py') if p.name != '_modidx.py']
for path in sorted(scripts + modules):
    name, source = path.relative_to(root), path.read_text(encoding='utf-8')
    check_lines(name, source)
    check_statements(name, source)
    if path in modules: check_floors(name, source, paper)
check_lines('.ci/run', (root/'.ci'/'run').read_text(encoding='utf-8'))

print('\n'.join(faults) or 'form: all within bounds')
sys.exit(bool(faults))
