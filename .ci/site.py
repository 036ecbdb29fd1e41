"""A copy of the project from which nbdev and Quarto make the documentation site.

    python .ci/site.py FOLDER && cd FOLDER && nbdev_docs

The site shows the notebooks as they are committed: executed, and with their exported code in its place
(settings.ini's skip_procs). For that three things differ in the copy: the first cell's text stands in a cell
of its own, since nbdev makes front matter of title and summary and drops the rest; cells that only name the
module are hidden; and results/ lies in nbs/ too, where links reach its pictures.
"""
import configparser
import os
import re
import shutil
import sys
from pathlib import Path

import nbformat

LEFT_OUT = '.git', 'runs', '_docs', '_proc', '*.egg-info', '__pycache__'
LINK = r'(\]\(|(?:src|href)=\\")(\.\./[^)\\"\s]+)'  # upwards, as it stands in a notebook's JSON
root, folder = Path(__file__).resolve().parents[1], Path(sys.argv[1])
settings = configparser.ConfigParser(delimiters=['='], interpolation=None)
settings.read(root/'settings.ini', encoding='utf-8')
on_host = '{git_url}/blob/{branch}'.format_map(settings['DEFAULT'])


def on_site(link, page):
    "A link as it works on the site; what lies outside of nbs/ and results/ is on the host"
    path = os.path.normpath(page.parent/link)
    if path.startswith('results/'): path = f'nbs/{path}'
    return os.path.relpath(path, page.parent) if path.startswith('nbs/') else f'{on_host}/{path}'


def prepare(nb):
    "Front matter in a cell of its own; the module's name out of sight"
    parts = re.match(r'(#[^\n]*\n+)(>[^\n]*\n*)?(.*)', nb.cells[0].source + '\n', re.S)
    title, summary, rest = parts.groups()
    nb.cells[0].source = title + (summary or '')
    nb.cells.insert(1, nbformat.v4.new_markdown_cell(rest.strip()))
    for cell in nb.cells:
        if cell.source.startswith('#| default_exp'): cell.source = '#| hide\n' + cell.source


shutil.copytree(root, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(*LEFT_OUT))
for path in sorted((folder/'nbs').rglob('[!_.]*.ipynb')):
    page, nb = path.relative_to(folder), nbformat.read(path, 4)
    prepare(nb)
    text = re.sub(LINK, lambda m: m[1] + on_site(m[2], page), nbformat.writes(nb))
    path.write_text(text, encoding='utf-8')
shutil.copytree(root/'results', folder/'nbs'/'results', dirs_exist_ok=True)
