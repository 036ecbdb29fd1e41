"""Every public name of the library says what it is.

    python .ci/docs.py               fails on an exported function, class or public method without a docstring
    python .ci/docs.py --arguments   fails also on an argument or a field that no comment explains, neither here nor under
                                     the same name elsewhere in its module
"""
import ast
import re
import sys
from pathlib import Path

root = Path(__file__).resolve().parents[1]
everywhere = {'schedule', 'config', 'model', 'device', 'seed', 'progress'}  # mean one thing in the whole library
modules = {path: path.read_text(encoding='utf-8') for path in sorted(p for p in (root/'diffprop').rglob('*.py') if not p.name.startswith('_'))}


def exported(source):
    "The nodes behind a module's __all__, and their public methods, as (name, node)"
    tree = ast.parse(source)
    names = next(ast.literal_eval(n.value) for n in tree.body if isinstance(n, ast.Assign) and getattr(n.targets[0], 'id', '') == '__all__')
    for node in tree.body:
        if not isinstance(node, (ast.FunctionDef, ast.ClassDef)) or node.name not in names: continue
        yield node.name, node
        for method in node.body:
            quiet = isinstance(node, ast.FunctionDef) or not isinstance(method, ast.FunctionDef) or method.name.startswith('_') or method.name == 'forward'
            if not quiet and not any('property' in ast.unparse(d) for d in method.decorator_list): yield f'{node.name}.{method.name}', method


def unexplained(node, lines):
    "The arguments of a function, or the fields of a class, whose line has no comment; as (name, explained)"
    if isinstance(node, ast.FunctionDef): parts = [(a.arg, a) for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs) if a.arg not in ('self', 'cls')]
    else:
        parts = [(f.target.id, f) for f in node.body if isinstance(f, ast.AnnAssign)]
        parts += [p for m in node.body if isinstance(m, ast.FunctionDef) and m.name == '__init__' for p in ((a.arg, a) for a in m.args.args[1:])]
    return [(name, name in everywhere or bool(re.search(r'\s#\s|: Param\(', lines[part.lineno - 1]))) for name, part in parts]


missing = []
for path, source in modules.items():
    lines, notebook = source.splitlines(), re.search(r'nbs/(\S+\.ipynb)', source)[1]
    told = {name: unexplained(node, lines) for name, node in exported(source)}
    once = {arg for args in told.values() for arg, explained in args if explained}
    for name, node in exported(source):
        if not ast.get_docstring(node): missing.append(f'{notebook}: {name} has no docstring')
        if '--arguments' in sys.argv:
            silent = [arg for arg, explained in told[name] if not explained and arg not in once]
            if silent: missing.append(f'{notebook}: {name}: nothing explains {", ".join(silent)}')
print('\n'.join(missing) or f'{sum(len(list(exported(s))) for s in modules.values())} public names, all documented')
sys.exit(bool(missing))
