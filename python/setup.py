"""The tag of the wheel: one for all Pythons of a platform, as nothing is linked to Python.

The version is the one that the Swift package states, in Sources/Tickets/TombolaVersion.swift;
make wheel hands it on.
"""

import os

from setuptools import Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel


class PlatformWheel(bdist_wheel):
    """A wheel of this platform and of no Python in particular."""

    def get_tag(self):
        return "py3", "none", super().get_tag()[2]


class WithLibrary(Distribution):
    """A distribution that holds compiled code."""

    def has_ext_modules(self):
        return True


setup(version=os.environ["TOMBOLA_VERSION"], distclass=WithLibrary, cmdclass={"bdist_wheel": PlatformWheel})
