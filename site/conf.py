"""How Sphinx makes the pages. `cargo lab site` calls it on a copy of the notebooks."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

project = "Concurrency in Rust, cell by cell"
html_title = project
language = "en"
extensions = ["myst_nb", "sphinx.ext.githubpages", "lessons"]
root_doc = "index"
include_patterns = [
    "index.md",
    "notebooks/*.ipynb",
    "notebooks/README.md",
    "notebooks/TEACHING.md",
    "notebooks/programs/12-tools/README.md",
    "notebooks/assignments/README.md",
    "notebooks/assignments/source/*/*.ipynb",
]

# The outputs are those of the run in which every claim was checked.
nb_execution_mode = "off"
nb_render_error_lexer = "myst-ansi"
myst_heading_anchors = 4
myst_heading_slug_func = "lessons.slug"
# Cells may leave parts out (`…`), and say so.
suppress_warnings = ["misc.highlighting_failure"]

html_theme = "sphinx_book_theme"
html_static_path = ["_static"]
html_css_files = ["lessons.css"]
html_sourcelink_suffix = ""
html_show_copyright = False
html_show_sphinx = False

# Where the notebooks are published, if they are.
repository = os.environ.get("LAB_SITE_REPOSITORY", "")
html_theme_options = {
    "home_page_in_toc": True,
    "show_toc_level": 2,
    "use_download_button": True,
    **({
        "repository_url": repository,
        # Most hosts have GitHub's form of addresses.
        "repository_provider": next(
            (name for name in ["gitlab", "bitbucket"] if name in repository), "github"),
        "repository_branch": os.environ.get("LAB_SITE_BRANCH", "main"),
        "path_to_docs": "",
        "use_source_button": True,
    } if repository else {}),
    # Binder builds a public repository's image, and opens the lesson in it.
    **({
        "launch_buttons": {
            "binderhub_url": "https://mybinder.org",
            "notebook_interface": "jupyterlab",
        },
    } if repository.startswith("https://") else {}),
}
