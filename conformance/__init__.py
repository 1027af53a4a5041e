"""Tests whether a server keeps the promises of Arena's page on reopening a quality process step."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("arena-conformance")
except PackageNotFoundError:  # run from a source tree that nobody installed
    __version__ = "0+unknown"
