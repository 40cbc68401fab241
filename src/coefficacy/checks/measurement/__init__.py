"""How well a measure tells teams apart: agreement and reliability, of answers given and under the model.

| module | holds |
|---|---|
| `cells` | answers by group and item |
| `indices`, `anova` | r_wg and its kin, AD; ICC(1) and ICC(2): functions of arrays |
| `given_answers` | all of them for a measure of a survey |
| `composites` | omega and the reliability of a mean score: closed forms |
| `variances`, `draws` | what they need of a posterior: variances of latents, loadings, residuals |
| `fitted` | all of them for a measure of a fit, with posterior intervals |
| `compositions` | several measures side by side, by the outcome that they predict |
| `notes` | what does not apply, what to keep in mind |
"""

from __future__ import annotations

from coefficacy.checks.measurement.anova import Icc, icc, spearman_brown
from coefficacy.checks.measurement.composites import Composite, mean_reliability, omega
from coefficacy.checks.measurement.compositions import composition
from coefficacy.checks.measurement.fitted import Reliability, reliability
from coefficacy.checks.measurement.given_answers import Agreement, agreement
from coefficacy.checks.measurement.indices import ad_mean, awg, rwg, rwg_j, rwg_lindell, uniform_variance

__all__ = [
    "Agreement",
    "Composite",
    "Icc",
    "Reliability",
    "ad_mean",
    "agreement",
    "awg",
    "composition",
    "icc",
    "mean_reliability",
    "omega",
    "reliability",
    "rwg",
    "rwg_j",
    "rwg_lindell",
    "spearman_brown",
    "uniform_variance",
]
