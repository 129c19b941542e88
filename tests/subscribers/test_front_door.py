"""The front door: everything by name, and light."""

import subprocess
import sys
from importlib import import_module

import pytest

import subscribers


def test_every_name_of_the_front_door_is_there():
    """Each name in the table can be loaded, and an unknown one says so."""
    for name, module in subscribers._MODULES.items():
        assert getattr(subscribers, name) is getattr(import_module(f"subscribers.{module}"), name)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        subscribers.nonsense  # noqa: B018


def test_the_front_door_is_light():
    """Importing it, or its errors, loads no database library; using all of it loads no web framework."""
    code = (
        "import sys, subscribers, subscribers.errors\n"
        "assert 'sqlmodel' not in sys.modules\n"
        "for name in subscribers._MODULES: getattr(subscribers, name)\n"
        "assert 'fastapi' not in sys.modules and 'starlette' not in sys.modules\n"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - our own words
    assert done.returncode == 0, done.stderr
