"""README.md from nbs/index.ipynb: its markdown, and the markdown that its code cells show.

    python .ci/readme.py            writes README.md
    python .ci/readme.py --check    fails where README.md is not what would be written
"""
import sys
from pathlib import Path

import nbformat

root = Path(__file__).resolve().parents[1]


def render() -> str:
    parts = []
    for cell in nbformat.read(root/'nbs'/'index.ipynb', 4).cells:
        if cell.cell_type == 'markdown': parts.append(cell.source)
        for output in cell.get('outputs', []):
            shown = output.get('data', {}).get('text/markdown')
            if shown: parts.append(shown)
    return '<!-- made from nbs/index.ipynb by .ci/readme.py -->\n\n' + '\n\n'.join(p.strip().replace('](../', '](') for p in parts) + '\n'


readme = root/'README.md'
if '--check' not in sys.argv: readme.write_text(render(), encoding='utf-8')
elif not readme.exists() or readme.read_text(encoding='utf-8') != render():
    sys.exit('README.md is not what nbs/index.ipynb says: run `python .ci/readme.py` and commit it')
