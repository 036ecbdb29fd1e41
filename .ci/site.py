"""A copy of the project from which nbdev and Quarto make the documentation site.

    python .ci/site.py FOLDER && cd FOLDER && nbdev_docs

The site shows the notebooks as they are committed: executed, and with their exported code in its place (settings.ini's skip_procs). For
that three things differ in the copy: the first cell's text stands in a cell of its own, since nbdev makes front matter of title and summary
and drops the rest; cells that only name the module are hidden; pictures in results/ are where links reach them.
"""
import re
import shutil
import sys
from pathlib import Path

import nbformat

root, folder = Path(__file__).resolve().parents[1], Path(sys.argv[1])
shutil.copytree(root, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns('.git', 'runs', '_docs', '_proc', '*.egg-info', '__pycache__'))
shutil.copytree(root/'results', folder/'nbs'/'results', dirs_exist_ok=True)
settings = (folder/'settings.ini').read_text(encoding='utf-8')
(folder/'settings.ini').write_text(settings.replace('recursive = False', 'recursive = True'), encoding='utf-8')  # nbs/results is a folder in nbs
for path in (folder/'nbs').glob('[!_]*.ipynb'):
    nb = nbformat.read(path, 4)
    head, summary, rest = re.match(r'(#[^\n]*\n+)(>[^\n]*\n*)?(.*)', nb.cells[0].source + '\n', re.S).groups()
    nb.cells[0].source = head + (summary or '')
    nb.cells.insert(1, nbformat.v4.new_markdown_cell(rest.strip()))
    for cell in nb.cells:
        if cell.source.startswith('#| default_exp'): cell.source = '#| hide\n' + cell.source
    text = nbformat.writes(nb).replace('](../results/', '](results/').replace('](../nbs/', '](')
    path.write_text(text, encoding='utf-8')
