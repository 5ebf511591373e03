"""The search for farsighted followers: gamma > 0, finite eta, any partition, a Markov leader."""

from exactqse.solve.farsighted.solver import solve_farsighted

__all__ = ["solve_farsighted"]
