"""The commands and their options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from coefficacy import __version__
from coefficacy.cli.exits import Exit

__all__ = ["app"]

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)

Model = Annotated[str, typer.Argument(help="A library name, a claim code, or the path of a TOML file.")]
Persons = Annotated[
    Path | None, typer.Option(help="Table of the lowest level: CSV, Parquet, Feather, Stata or SPSS.")
]
Teams = Annotated[Path | None, typer.Option(help="Table of the second level.")]
Layers = Annotated[Path | None, typer.Option(help="Table of the third level.")]
Tables = Annotated[
    list[str] | None, typer.Option("--table", metavar="LEVEL=FILE", help="Table of any level, by its name.")
]
Seed = Annotated[
    int | None, typer.Option(min=0, max=2**32 - 1, help="Makes a run repeatable; drawn if absent.")
]
Engine = Annotated[
    Literal["auto", "marginal", "explicit"], typer.Option(help="How latents are handled; for speed only.")
]
Backend = Annotated[
    Literal["numba", "jax"], typer.Option(help="What runs the density: nutpie on numba, or NumPyro on JAX.")
]
Draws = Annotated[int, typer.Option(min=10, help="Kept draws of each chain.")]
Tune = Annotated[int, typer.Option(min=10, help="Tuning draws of each chain.")]
Chains = Annotated[int, typer.Option(min=1, max=64, help="Chains.")]
WorldSeed = Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Makes the worlds.")]
Workers = Annotated[
    int | None, typer.Option(min=1, help="Processes, one thread each; default one a processor.")
]
Cluster = Annotated[
    str | None,
    typer.Option(metavar="ADDRESS", help="Of a Dask scheduler (extra 'cluster'), instead of processes here."),
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with the worlds in the folder.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")]


@app.callback(invoke_without_command=True)
def program(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", is_eager=True, help="Print the version.")] = False,
) -> None:
    """Bayesian multilevel models of collective efficacy: from a team survey to a verdict."""
    if version:
        typer.echo(f"coefficacy {__version__}")
        raise typer.Exit(Exit.DONE)
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(Exit.BAD_INPUT)


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder for the result.")] = Path("demo"),
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress bar.")] = False,
) -> None:
    """Run the flagship analysis on bundled, simulated data."""
    from coefficacy.cli.analysis import run_demo

    raise typer.Exit(run_demo(out, quiet=quiet))


@app.command()
def models(
    name: Annotated[str, typer.Argument(help="Show this model's file.", show_default=False)] = "",
) -> None:
    """List the library of models with their claim codes, or show one."""
    from coefficacy.cli import show

    if name:
        show.model_file(name)
    else:
        show.library()


@app.command()
def check(
    model: Model, persons: Persons = None, teams: Teams = None, layers: Layers = None, table: Tables = None
) -> None:
    """Check tables against a model without fitting it: counts, notes, agreement, engine."""
    from coefficacy.cli.analysis import TableFiles, read_input
    from coefficacy.cli.evidence import show_survey

    spec, survey = read_input(model, TableFiles(persons, teams, layers, tuple(table or ())))
    show_survey(spec, survey)


@app.command()
def fit(
    model: Model,
    out: Annotated[
        Path, typer.Option(help="Folder for the result; replaced only if it holds a verdict.json.")
    ],
    persons: Persons = None,
    teams: Teams = None,
    layers: Layers = None,
    table: Tables = None,
    engine: Engine = "auto",
    backend: Backend = "numba",
    draws: Draws = 1000,
    tune: Tune = 1000,
    chains: Chains = 4,
    seed: Seed = None,
    calibration: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder that 'calibrate' wrote for this design."),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Fit a model to a survey, weigh it against its rival, and write the result."""
    from coefficacy.cli.analysis import Sampling, TableFiles, run_fit

    files = TableFiles(persons, teams, layers, tuple(table or ()))
    sampling = Sampling(engine=engine, backend=backend, draws=draws, tune=tune, chains=chains, seed=seed)
    raise typer.Exit(run_fit(model, files, out, sampling, calibration=calibration, quiet=quiet))


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder that a fit wrote.")],
    open_page: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
) -> None:
    """Rebuild the page of a saved fit."""
    from coefficacy.cli.analysis import run_report

    raise typer.Exit(run_report(folder, open_page=open_page))


@app.command()
def simulate(
    claim: Annotated[str, typer.Argument(help="Code of the claim, e.g. C4.")],
    out: Annotated[Path, typer.Option(help="Folder for the tables, model.toml and truth.json.")],
    seed: Seed = None,
    null: Annotated[bool, typer.Option("--null", help="Plant no effect.")] = False,
    teams: Annotated[int | None, typer.Option(min=2, help="Number of teams.")] = None,
    team_size: Annotated[int | None, typer.Option(min=1, help="Members of every team.")] = None,
) -> None:
    """Simulate the world of a claim, with a known truth."""
    from coefficacy.cli.analysis import run_simulation

    raise typer.Exit(run_simulation(claim, out, seed=seed, null=null, teams=teams, team_size=team_size))


@app.command()
def calibrate(
    model: Model,
    out: Annotated[Path, typer.Option(help="Folder for worlds.jsonl, calibration.json and calibration.md.")],
    persons: Persons = None,
    teams: Teams = None,
    layers: Layers = None,
    table: Tables = None,
    teams_n: Annotated[int | None, typer.Option(min=2, help="Instead of tables: number of teams.")] = None,
    team_size: Annotated[int | None, typer.Option(min=1, help="Instead of tables: their members.")] = None,
    layers_n: Annotated[int, typer.Option(min=2, help="With --teams-n: number of layers.")] = 4,
    items: Annotated[int, typer.Option(min=2, help="With --teams-n: items of each efficacy.")] = 5,
    reliability: Annotated[float, typer.Option(help="With --teams-n: of a single such item.")] = 0.4,
    sims: Annotated[int, typer.Option(min=1, help="Worlds of each effect.")] = 100,
    effects: Annotated[str, typer.Option(help="Planted effects, standardised.")] = "0,0.1,0.3",
    draws: Draws = 1000,
    tune: Tune = 1000,
    chains: Chains = 4,
    seed: WorldSeed = 1,
    workers: Workers = None,
    cluster: Cluster = None,
    resume: Resume = False,
    quiet: Quiet = False,
) -> None:
    """Measure how often the verdict errs for your design, in simulated worlds with a known effect."""
    from coefficacy.cli.analysis import TableFiles
    from coefficacy.cli.calibration import Plan, Worlds, run_calibration

    files = TableFiles(persons, teams, layers, tuple(table or ()))
    plan = Plan(teams_n, team_size, layers_n, items, reliability)
    worlds = Worlds(sims, effects, draws, tune, chains, seed)
    raise typer.Exit(
        run_calibration(
            model, files, plan, out, worlds, workers=workers, cluster=cluster, resume=resume, quiet=quiet
        )
    )


@app.command()
def power(
    model: Model,
    out: Annotated[Path, typer.Option(help="Folder for worlds.jsonl, power.json, power.md and power.png.")],
    teams_n: Annotated[str, typer.Option(help="Numbers of teams.")] = "20,40,80,120",
    team_size: Annotated[str, typer.Option(help="Numbers of their members.")] = "4,8",
    effect: Annotated[float, typer.Option(help="Planted effect, standardised.")] = 0.3,
    wish: Annotated[float, typer.Option(help="Wished-for rate of support, between 0 and 1.")] = 0.8,
    layers_n: Annotated[int, typer.Option(min=2, help="Number of layers.")] = 4,
    items: Annotated[int, typer.Option(min=2, help="Items of each efficacy.")] = 5,
    reliability: Annotated[float, typer.Option(help="Of a single such item.")] = 0.4,
    sims: Annotated[int, typer.Option(min=1, help="Worlds of each design.")] = 50,
    draws: Draws = 1000,
    tune: Tune = 1000,
    chains: Chains = 4,
    seed: WorldSeed = 1,
    workers: Workers = None,
    resume: Resume = False,
    quiet: Quiet = False,
) -> None:
    """Find out how many teams, of how many members, it takes for an effect to be supported."""
    from coefficacy.cli.calibration import Worlds
    from coefficacy.cli.power import Designs, run_power

    designs = Designs(teams_n, team_size, layers_n, items, reliability)
    worlds = Worlds(sims, f"{effect}", draws, tune, chains, seed)
    raise typer.Exit(
        run_power(model, designs, out, worlds, wish=wish, workers=workers, resume=resume, quiet=quiet)
    )
