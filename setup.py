"""Everything about the package is in settings.ini; this file hands it to setuptools."""
from configparser import ConfigParser
from pathlib import Path

from setuptools import find_packages, setup

ini = ConfigParser(delimiters=['='], interpolation=None)
ini.read(Path(__file__).parent/'settings.ini', encoding='utf-8')
cfg = ini['DEFAULT']

setup(
    name=cfg['lib_name'], version=cfg['version'], description=cfg['description'],
    author=cfg['author'], author_email=cfg['author_email'], url=cfg['git_url'], license='Apache-2.0',
    keywords=cfg['keywords'].split(),
    long_description=Path('README.md').read_text(encoding='utf-8') if Path('README.md').exists() else '',
    long_description_content_type='text/markdown',
    packages=find_packages(include=['diffprop', 'diffprop.*']),
    package_data={'diffprop': ['digits/*.json', 'digits/*/*']}, python_requires=f">={cfg['min_python']}",
    entry_points={'console_scripts': cfg['console_scripts'].split()},
    install_requires=cfg['requirements'].split(),
    extras_require={'dev': [name for kind in ('dev', 'offline', 'cluster')
                            for name in cfg[f'{kind}_requirements'].split()],
                    'cluster': cfg['cluster_requirements'].split(),
                    'offline': cfg['offline_requirements'].split(),
                    'bench': cfg['bench_requirements'].split()},
)
