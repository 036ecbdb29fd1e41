"""Every public name of the library says what it is.

    python .ci/docs.py               fails on an exported function, class or method without a docstring
    python .ci/docs.py --arguments   fails also on an argument or a field that no comment explains, neither
                                     here nor under the same name elsewhere in its module
"""
import ast
import re
import sys
from pathlib import Path

root = Path(__file__).resolve().parents[1]
everywhere = {'schedule', 'config', 'model', 'device', 'seed', 'progress'}  # mean one thing in all modules
paths = sorted(p for p in (root/'diffprop').rglob('*.py') if not p.name.startswith('_'))
modules = {path: path.read_text(encoding='utf-8') for path in paths}


def is_all(node): return isinstance(node, ast.Assign) and getattr(node.targets[0], 'id', '') == '__all__'


def decorated(node, name): return any(name in ast.unparse(d) for d in node.decorator_list)


def is_public(method):
    "A method that is read in the documentation; a property says what it is by its name"
    named = not method.name.startswith('_') and method.name != 'forward'
    return named and not decorated(method, 'property')


def exported(source):
    "The nodes behind a module's __all__ and their public methods, those added by @patch too, as (name, node)"
    tree = ast.parse(source)
    names = ast.literal_eval(next(n.value for n in tree.body if is_all(n)))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and decorated(node, 'patch'):
            owner = ast.unparse(node.args.args[0].annotation)
            if owner in names and is_public(node): yield f'{owner}.{node.name}', node
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name in names:
            yield node.name, node
            if isinstance(node, ast.FunctionDef): continue
            methods = [m for m in node.body if isinstance(m, ast.FunctionDef)]
            for method in filter(is_public, methods): yield f'{node.name}.{method.name}', method


def parts(node):
    "The arguments of a function, or the fields of a class and of its __init__, as (name, node)"
    if isinstance(node, ast.FunctionDef):
        arguments = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
        first = decorated(node, 'patch')  # its first argument is self, or the class
        return [(a.arg, a) for a in arguments[first:] if a.arg not in ('self', 'cls')]
    fields = [(f.target.id, f) for f in node.body if isinstance(f, ast.AnnAssign)]
    inits = [m for m in node.body if isinstance(m, ast.FunctionDef) and m.name == '__init__']
    return fields + [part for m in inits for part in parts(m)]


def unexplained(node, lines):
    "(name, explained) of each part of a node: by a comment on its line, or by what it means everywhere"
    commented = lambda part: re.search(r'\s#\s|: Param\(', lines[part.lineno - 1])
    return [(name, name in everywhere or bool(commented(part))) for name, part in parts(node)]


missing = []
for path, source in modules.items():
    lines, notebook = source.splitlines(), re.search(r'nbs/(\S+\.ipynb)', source)
    if not notebook: continue
    names = {name: (node, unexplained(node, lines)) for name, node in exported(source)}
    once = {arg for _, args in names.values() for arg, explained in args if explained}
    for name, (node, args) in names.items():
        if not ast.get_docstring(node): missing.append(f'{notebook[1]}: {name} has no docstring')
        silent = [arg for arg, explained in args if not explained and arg not in once]
        if '--arguments' in sys.argv and silent:
            missing.append(f'{notebook[1]}: {name}: nothing explains {", ".join(silent)}')
count = sum(len(list(exported(source))) for source in modules.values())
print('\n'.join(missing) or f'{count} public names, all documented')
sys.exit(bool(missing))
