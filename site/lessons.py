"""What the pages need beside MyST: links as JupyterLab has them, the README's parts, pictures that
can be touched, and assignments as they are handed out."""

import os
import re
from pathlib import Path

import nbformat
from nbgrader.preprocessors import ClearHiddenTests, ClearSolutions
from traitlets.config import Config

STUB = {"rust": "// YOUR CODE HERE\ntodo!()"}
LINK = re.compile(r"(?<!!)\[(?P<words>[^\[\]]*)\]\((?P<target>[^):#]+)\)")
PICTURE = re.compile(r"!\[(?P<alt>[^\]]*)\]\(pictures/(?P<notebook>[^.]+)\.(?P<cell>[^.]+)\.svg\)")


def slug(title):
    """A heading's name in a link."""
    return title.replace(" ", "-")


def hand_out(app):
    """Assignments lose their solutions before anything is made of them, downloads too."""
    for path in Path(app.srcdir).glob("notebooks/assignments/source/*/*.ipynb"):
        nbformat.write(handed_out(nbformat.read(path, as_version=4)), path)


def prepare(app, docname, content):
    """Changes a page's source before MyST reads it."""
    root, page = Path(app.srcdir), Path(app.env.doc2path(docname))
    if docname == "index":
        content[0] = front_page(content[0], root)
    if page.suffix == ".ipynb":
        book = nbformat.reads(content[0], as_version=4)
        book.cells = [cell for one in book.cells for cell in named(one, page, app)]
        content[0] = nbformat.writes(book)
    else:
        content[0] = led_on(content[0], page, app)


def led_on(text, page, app):
    """Links to what has no page: the README is the front page, folders are in the repository."""
    root, repository = Path(app.srcdir), app.config.html_theme_options.get("repository_url")

    def led(link):
        target = page.parent.joinpath(link["target"]).resolve()
        if target == root / "README.md":
            return f"[{link['words']}](/index.md)"
        if target.is_file():
            return link[0]
        where = os.path.relpath(target, root)
        return f"[{link['words']}]({repository}/tree/main/{where})" if repository else link["words"]

    return LINK.sub(led, text)


def named(cell, page, app):
    """A cell, led on, behind the name that links in JupyterLab call it by."""
    if cell.cell_type == "markdown":
        cell.source = led_on(cell.source, page, app)
    if cell.cell_type == "code":
        yield nbformat.v4.new_markdown_cell(f"(cell-id={cell.id})=", id=f"at-{cell.id}"[:64])
    yield cell


def handed_out(book):
    """An assignment without its solution and hidden tests."""
    resources = {}
    for step in [ClearSolutions(config=Config(ClearSolutions={"code_stub": STUB})),
                 ClearHiddenTests()]:
        book, resources = step.preprocess(book, resources)
    return book


def front_page(page, root):
    sections = re.split(r"^## ", (root / "README.md").read_text(), flags=re.M)
    named = {"the first section": sections[0].split("\n", 1)[1]}
    named |= dict(section.split("\n", 1) for section in sections[1:])
    page = re.sub("^% README: (.*)$", lambda at: named[at[1]], page, flags=re.M)
    return PICTURE.sub(lambda picture: touchable(picture, root), page)


def touchable(picture, root):
    """The picture as its cell put it out, which a reader can zoom."""
    book = nbformat.read(root / "notebooks" / f"{picture['notebook']}.ipynb", as_version=4)
    cell = next(cell for cell in book.cells if cell.id == picture["cell"])
    drawn = [output.data["text/html"] for output in cell.outputs
             if "text/html" in output.get("data", {})]
    return "```{raw} html\n" + drawn[-1] + "\n```" if drawn else picture[0]


def launch_lessons_alone(app, page, template, context, doctree):
    """Takes the launch button from assignments: the image that it would open has none."""
    if page.startswith("notebooks/assignments/"):
        buttons = context.get("header_buttons", [])
        buttons[:] = [it for it in buttons if it.get("label") != "launch-buttons"]


def setup(app):
    app.connect("builder-inited", hand_out)
    # Behind the theme, which adds the button.
    app.connect("html-page-context", launch_lessons_alone, priority=900)
    app.connect("source-read", prepare)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
