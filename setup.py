"""Everything about the package is in settings.ini; this file hands it to setuptools."""
from configparser import ConfigParser
from pathlib import Path

from setuptools import find_packages, setup

here = Path(__file__).parent
ini = ConfigParser(delimiters=['='], interpolation=None)
ini.read(here/'settings.ini', encoding='utf-8')
cfg = ini['DEFAULT']
KIND = '_requirements'
extras = {name.removesuffix(KIND): cfg[name].split() for name in cfg if name.endswith(KIND)}
extras['dev'] = sorted({name for kind in extras for name in extras[kind] if kind != 'bench'})
states = ['1 - Planning', '2 - Pre-Alpha', '3 - Alpha', '4 - Beta', '5 - Production/Stable']

setup(
    name=cfg['lib_name'], version=cfg['version'], description=cfg['description'],
    author=cfg['author'], author_email=cfg['author_email'], url=cfg['git_url'], license='Apache-2.0',
    keywords=cfg['keywords'].split(),
    long_description=(here/'README.md').read_text(encoding='utf-8'),
    long_description_content_type='text/markdown',
    packages=find_packages(include=['diffprop', 'diffprop.*']),
    package_data={'diffprop': ['digits/*.json', 'digits/*/*']}, python_requires=f">={cfg['min_python']}",
    classifiers=[f'Development Status :: {states[int(cfg["status"]) - 1]}',
                 f'Intended Audience :: {cfg["audience"]}',
                 *(f'Programming Language :: Python :: {version}' for version in ('3.11', '3.12', '3.13')),
                 'Topic :: Scientific/Engineering :: Artificial Intelligence'],
    entry_points={'console_scripts': cfg['console_scripts'].split()},
    install_requires=cfg['requirements'].split(), extras_require=extras,
)
