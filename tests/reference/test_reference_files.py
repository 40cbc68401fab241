"""The committed reference results hold the published anchors, so that a rerun cannot drift unseen.

Anchors are as printed elsewhere, so the tolerance is half a unit of their last digit unless one is given.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.reference

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
REFERENCES: dict[str, Any] = json.loads((HERE / "references.json").read_text())
SCHOOLS: dict[str, Any] = json.loads((HERE / "eight_schools.json").read_text())

ANCHORS = {
    "hsb82/contextual/fixed/ses": "2.1912(.1087)",
    "hsb82/contextual/fixed/meanses": "3.6750(.3777)",
    "hsb82/contextual/sd/school[(Intercept)]": "1.641",
    "hsb82/contextual/sd/Residual": "6.084",
    "hsb82/slopes/fixed/(Intercept)": "12.128(.199)",
    "hsb82/slopes/fixed/cses:meanses": "1.039(.299)",
    "hsb82/slopes/fixed/cses:sectorCatholic": "-1.643(.240)",
    "bh1996/hours/fixed/HRS": "-.04646(.00489)",
    "bh1996/hours/fixed/G.HRS": "-.12693(.01940)",
    "bh1996/leadership/fixed/LEAD": ".5173(.0131)",
    "bh1996/leadership/fixed/G.LEAD": "-.1037(.0610)",
    "bh1996/leadership_corrected/by_mean_reliability": "-.114",
    "bh1996/hours_leadership_cohesion/fixed/G.LEAD": "-.2240(.0687)",
    "bh1996/icc/LEAD/icc1": ".12703",
    "bh1996/icc/LEAD/reml/icc2": ".92804",
    "bh1996/rwg/COHES/mean": ".6316",
    "bhr2000_items/four/variance/company": ".10058",
    "bhr2000_items/four/variance/person": ".40694",
    "bhr2000_items/four/variance/residual": ".64118",
    "bhr2000_items/four/company_reliability": ".876",
    "bhr2000_items/four/one_factor/rmsea": ".168",
    "bhr2000_items/eleven/variance/company": ".09697",
    "bhr2000_items/eleven/company_reliability": ".882",
    "bhr2000_items/eleven/agreement/alpha": ".8913",
    "bhr2000_items/eleven/agreement/mean/rwg_j": ".8876",
    "bhr2000_items/eleven/agreement/median/rwg_j": ".8925",
    "bhr2000_items/eleven/agreement/mean/ad_m": ".8691",
    "klein2000_sim/icc/JOBSAT/icc1": ".1110",
    "klein2000_sim/icc/PHYSEN/icc2": ".9704",
    "klein2000_sim/icc/PAY/icc1": "-.0144",
    "univbct/jsat_nested/sd/BTN[(Intercept)]": "0",
    "univbct/jsat_nested/sd/SUBNUM[(Intercept)]": ".629",
    "univbct/ready_nested/sd/CO[(Intercept)]": ".243",
    "univbct/jsat_growth/fixed/TIME": ".05395(.02395)",
    "egsingle_3level/fixed/year": ".7631(.0154)",
    "egsingle_3level/sd/childid[(Intercept)]": ".8003",
    "egsingle_3level/sd/cor childid": ".551",
    "kidney_frailty/age_sex/est/sex": "-1.587",
    "kidney_frailty/age_sex/frailty_variance": ".412",
}
TWOLEVEL = {
    (1, "fw", "=~", "y2"): ".774",
    (1, "fw", "=~", "y3"): ".734",
    (1, "fw", "~", "x1"): ".510",
    (1, "fw", "~~", "fw"): ".546",
    (2, "fb", "=~", "y2"): ".717",
    (2, "fb", "=~", "y3"): ".587",
    (2, "fb", "~", "w1"): ".165(.079)",
    (2, "fb", "~", "w2"): ".131(.076)",
    (2, "fb", "~~", "fb"): ".899(.118)",
}


def _agrees(printed: str, found: Any) -> bool:
    """Whether ``"est(se)"`` or ``"est"`` is what rounding `found` to the printed digits gives."""
    parts = printed.rstrip(")").split("(")
    values = [found["est"], found["se"]] if isinstance(found, dict) else [found]
    unit = [10.0 ** -len(part.partition(".")[2]) for part in parts]
    return all(abs(float(p) - v) <= 0.51 * u for p, v, u in zip(parts, values, unit))


@pytest.mark.parametrize(("path", "printed"), ANCHORS.items())
def test_the_file_holds_the_anchor(path: str, printed: str) -> None:
    found: Any = REFERENCES
    for key in path.split("/"):
        found = found[key]
    assert _agrees(printed, found)


@pytest.mark.parametrize(("key", "printed"), TWOLEVEL.items())
def test_the_file_holds_the_two_level_solution(key: tuple[int, str, str, str], printed: str) -> None:
    rows = REFERENCES["lavaan_demo_twolevel"]["parameters"]
    (found,) = [row for row in rows if (row["level"], row["lhs"], row["op"], row["rhs"]) == key]
    assert _agrees(printed, found)


def test_an_anchor_that_is_off_by_one_digit_is_noticed() -> None:
    assert not _agrees(".5174(.0131)", REFERENCES["bh1996"]["leadership"]["fixed"]["LEAD"])
    assert not _agrees(".5173(.0132)", REFERENCES["bh1996"]["leadership"]["fixed"]["LEAD"])


def test_versions_are_recorded() -> None:
    assert {"R", "lavaan", "lme4", "multilevel", "nlme", "survival"} <= REFERENCES["versions"].keys()


def test_eight_schools_by_quadrature() -> None:
    """The kept reference draws agree with the exact posterior: mu in closed form given tau, tau on a grid.

    10,000 draws have a Monte Carlo error near .035 for the means and .03 for the SDs; twice that is allowed.
    """
    y, sigma = np.array(SCHOOLS["y"], float), np.array(SCHOOLS["sigma"], float)
    tau = np.linspace(0.0005, 300, 300_000)
    variance = sigma[:, None] ** 2 + tau**2
    precision = 1 / 25 + (1 / variance).sum(axis=0)
    mean = (y[:, None] / variance).sum(axis=0) / precision
    log_p = -np.log1p(tau**2 / 25) - 0.5 * np.log(variance).sum(axis=0) - 0.5 * np.log(precision)
    log_p -= 0.5 * ((y[:, None] ** 2 / variance).sum(axis=0) - mean**2 * precision)
    weight = np.exp(log_p - log_p.max())
    weight /= weight.sum()
    exact = {
        "mu": (weight @ mean, weight @ (1 / precision + mean**2)),
        "tau": (weight @ tau, weight @ tau**2),
    }
    for name, (first, second) in exact.items():
        sd = np.sqrt(second - first**2)
        assert SCHOOLS["quadrature"][name]["mean"] == pytest.approx(first, abs=1e-3)
        assert SCHOOLS["quadrature"][name]["sd"] == pytest.approx(sd, abs=1e-3)
        assert SCHOOLS["reference"][name]["mean"] == pytest.approx(first, abs=0.07)
        assert SCHOOLS["reference"][name]["sd"] == pytest.approx(sd, abs=0.06)


@pytest.mark.slow
def test_the_r_script_makes_the_file_anew(tmp_path: Path) -> None:
    packages = "c('jsonlite','lavaan','lme4','multilevel','nlme','survival')"
    asked = f"quit(status = !all(sapply({packages}, requireNamespace, quietly = TRUE)))"
    if (
        shutil.which("Rscript") is None
        or subprocess.run(["Rscript", "-e", asked], capture_output=True).returncode
    ):
        pytest.skip(
            "R or one of its packages lavaan, lme4, multilevel, nlme, survival, jsonlite is not installed"
        )
    for part in ("src/coefficacy/datasets/data", "tests/reference"):
        shutil.copytree(ROOT / part, tmp_path / part)
    target = tmp_path / "tests" / "reference" / "references.json"
    target.unlink()
    subprocess.run(["Rscript", "tests/reference/references.R"], cwd=tmp_path, check=True, capture_output=True)
    made = json.loads(target.read_text())
    if made["versions"] != REFERENCES["versions"]:
        pytest.skip(f"made with {made['versions']}, kept with {REFERENCES['versions']}")
    assert _numbers(made) == pytest.approx(_numbers(REFERENCES), rel=1e-3, abs=1e-5)


def _numbers(value: Any) -> list[float]:
    if isinstance(value, dict):
        return [number for key in sorted(value) for number in _numbers(value[key])]
    if isinstance(value, list):
        return [number for item in value for number in _numbers(item)]
    return [float(value)] if isinstance(value, int | float) else []
