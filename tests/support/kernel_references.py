"""What kernels are compared with: differences of their values, and forms written out."""

from __future__ import annotations

import numpy as np

STEP = 1e-6


def slopes(function, arrays, skip=lambda array, index: False):
    """Central differences of `function()` by every entry of `arrays`, which it must read."""
    found = []
    for array in arrays:
        gradient = np.zeros(array.shape)
        for index in np.ndindex(array.shape):
            if skip(array, index):
                continue
            kept = array[index]
            array[index] = kept + STEP
            above = function()
            array[index] = kept - STEP
            below = function()
            array[index] = kept
            gradient[index] = (above - below) / (2 * STEP)
        found.append(gradient)
    return found


def moderation(rng, n_cells, n_rows, n_pairs):
    """Changes of coefficients whose predictors are the last rows, each of which the one before may reach."""
    change, reach = rng.normal(size=(n_cells, n_pairs)), rng.normal(size=(n_rows, n_pairs))
    reach[n_rows - n_pairs :] = np.tril(reach[n_rows - n_pairs :], -1)
    return change, reach, np.arange(n_rows - n_pairs, n_rows)


def changed(change, reach, by):
    """What makes forms f of f0, where f = f0 + sum of change times reach times the form of the predictor."""
    added = np.zeros((len(reach), len(reach)))
    added[:, by] = change * reach
    return np.linalg.inv(np.eye(len(reach)) - added)
