"""Settings of the documentation: ``sphinx-build -W docs docs/_build/html``."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

from coefficacy import __version__

HERE = Path(__file__).resolve().parent
PATHS = [str(HERE / "_extensions"), str(HERE.parent / "examples" / "results")]
sys.path[:0] = PATHS
os.environ["PYTHONPATH"] = os.pathsep.join([*PATHS, os.environ.get("PYTHONPATH", "")])

project = "coefficacy"
author = "The coefficacy developers"
copyright = "The coefficacy developers, Apache-2.0"
version = release = __version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "sphinx-mathjax-offline",
    "sphinx.ext.viewcode",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "generated_pages",
    "used_in",
]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
exclude_patterns = ["_build", "_extensions", "gallery/**/GALLERY_HEADER.rst", "sg_execution_times.rst"]

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "filename_pattern": r"/plot_",
    "subsection_order": "gallery_files.place_of_topic",
    "within_subsection_order": "gallery_files.place_of_example",
    "image_scrapers": ("gallery_figures.scrape",),
    "reset_modules": ("matplotlib", "gallery_figures.before_example"),
    "ignore_repr_types": r"matplotlib\.|None",
    "doc_module": ("coefficacy",),
    "backreferences_dir": "gallery/backreferences",
    "thumbnail_size": (640, 400),
    "download_all_examples": False,
    "remove_config_comments": True,
    "show_signature": False,
    "write_computation_times": False,
    "parallel": 2,
}

myst_enable_extensions = ["amsmath", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "none"
autosummary_generate = False
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
python_use_unqualified_type_names = True

html_theme = "pydata_sphinx_theme"
html_title = f"coefficacy {version}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = ["names.js"]
html_favicon = "_static/favicon.svg"
html_context = {"default_mode": "auto"}
html_show_sourcelink = False
html_sidebars = {"api": [], "index": [], "gallery/index": []}
html_theme_options = {
    "navbar_align": "left",
    "header_links_before_dropdown": 8,
    "show_prev_next": True,
    "secondary_sidebar_items": {"**": ["page-toc"], "index": [], "gallery/index": []},
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}

_ENTRY = re.compile(r"(?P<names>\*{0,2}\w+(?:, \w+)*) : (?P<text>.+)")
_LISTS = ("Parameters", "Attributes", "Raises", "Returns")


def entries_on_their_own_line(
    _app: Any, _what: str, _name: str, _obj: Any, _options: Any, lines: list[str]
) -> None:
    """Put what follows ``name :`` on a line of its own: here it describes, where numpydoc wants a type."""
    section, done = "", list[str]()
    for line, below in zip(lines, [*lines[1:], ""]):
        if below.strip() and set(below.strip()) == {"-"}:
            section = line.strip()
        entry = _ENTRY.fullmatch(line) if section in _LISTS else None
        done += [entry["names"], f"    {entry['text']}"] if entry else [line]
    lines[:] = done


def setup(app: Any) -> None:
    app.connect("autodoc-process-docstring", entries_on_their_own_line, priority=400)
