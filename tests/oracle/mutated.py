"""A plugin of pytest that puts a mutant in the engine's place (`tests/oracle/mutants.py`)."""

import importlib
import os

from tests.oracle.mutants import MODULES, PACKAGE, VARIABLE, install, mutants_of

for _name in MODULES:
    importlib.import_module(f"{PACKAGE}.{_name}")
if _wanted := os.environ.get(VARIABLE):
    _module, _, _number = _wanted.partition(":")
    for _mutant in mutants_of(_module):
        if _mutant.number == int(_number):
            install(_module, _mutant.source)
            break
