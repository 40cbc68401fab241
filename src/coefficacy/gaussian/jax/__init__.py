"""The kernels in JAX, for NumPyro and accelerators; importing this tells PyTensor of them.

| module | holds |
|---|---|
| `cells`, `paths`, `scatter`, `graded` | the densities and linear forms, without loops over data |
| `dispatch` | which operation is which function |

Nothing else imports it: JAX is an extra, and ordinary fits do without.
"""

from __future__ import annotations

from coefficacy.gaussian.jax.dispatch import KERNELS

__all__ = ["KERNELS"]
