"""Foreign files in: one format a module, each a strict reader from bytes to a game."""

from exactqse.formats.nfg import load_nfg, read_nfg

__all__ = ["load_nfg", "read_nfg"]
