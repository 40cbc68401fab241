"""Log densities without compilation: a PyTensor graph becomes a list of instructions for one small machine.

The machine, with its gradient in reverse, is compiled once and kept on disk; a model is data for it.
Compiling the graph of each model took minutes the first time and seconds from a cache.
"""

from coefficacy.tape.program import Program
from coefficacy.tape.trace import Untraceable, trace, trace_all

__all__ = ["Program", "Untraceable", "trace", "trace_all"]
