"""README.md from nbs/index.ipynb: its markdown, and the markdown that its code cells show.

    python .ci/readme.py            writes README.md
    python .ci/readme.py --check    fails where README.md is not what would be written
"""
import os
import re
import sys
from pathlib import Path

import nbformat

HEAD = '<!-- made from nbs/index.ipynb by .ci/readme.py -->\n\n'
CODE = r'```.*?```|`[^`\n]*`'
LINK = r'(\]\(|(?:src|href)=")([^)"\s]+)'
root = Path(__file__).resolve().parents[1]


def as_seen_from_root(match):
    "A link of the index, which lies in nbs/; code, addresses and places in the page stay as they are"
    code, opening, target = match.groups()
    if code or re.match(r'[a-z]+:|[#/]', target): return match[0]
    return opening + os.path.normpath(f'nbs/{target}')


def render() -> str:
    parts = []
    for cell in nbformat.read(root/'nbs'/'index.ipynb', 4).cells:
        if cell.cell_type == 'markdown': parts.append(cell.source)
        for output in cell.get('outputs', []):
            shown = output.get('data', {}).get('text/markdown')
            if shown: parts.append(shown)
    text = '\n\n'.join(part.strip() for part in parts)
    return HEAD + re.sub(f'({CODE})|{LINK}', as_seen_from_root, text, flags=re.S) + '\n'


readme = root/'README.md'
if '--check' not in sys.argv: readme.write_text(render(), encoding='utf-8')
elif not readme.exists() or readme.read_text(encoding='utf-8') != render():
    sys.exit('README.md is not what nbs/index.ipynb says: run `python .ci/readme.py` and commit it')
