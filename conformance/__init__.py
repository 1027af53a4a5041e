"""Tests whether a server keeps the promises of Arena's page on reopening a quality process step."""

__version__ = "0.1.0"
