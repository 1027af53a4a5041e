"""Fuzzing: generated requests, and a fixed list of those that no generator makes, for steps that can be reopened."""

from conformance.fuzzing.phase import replay, rounds, run

__all__ = ["replay", "rounds", "run"]
