"""nbgrader's settings for a course in Rust.

nbgrader releases, collects, keeps the gradebook and writes the feedback. The verdict is not its:
`cargo lab grade` reaches it, from the text of the student's solution cells alone, in a program
that runs in a sandbox. No cell of a submission is ever executed here.
"""

import base64
import fnmatch
import html
import json
import os
import pwd
import stat
import subprocess
import textwrap

from jupyter_client.kernelspec import KernelSpecManager
from nbformat import read
from nbformat.v4 import new_output
from nbgrader.converters.autograde import Autograde
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange.default import ExchangeCollect
from nbgrader.preprocessors import (
    AssignLatePenalties, CheckCellMetadata, ClearHiddenTests, ClearOutput, LimitOutput,
    NbGraderPreprocessor, OverwriteCells, OverwriteKernelspec, SaveAutoGrades)
from nbgrader.preprocessors.getgrades import GetGrades
from nbconvert.exporters import NotebookExporter
from nbconvert.preprocessors import ClearMetadataPreprocessor, CSSHTMLHeaderPreprocessor


def role(cell):
    return cell.metadata.get("nbgrader", {})


def lab(*arguments):
    """What a command of `lab` writes. Nothing else here reads a student's notebook."""
    program = KernelSpecManager().get_kernel_spec("rust").argv[0]
    answer = subprocess.run(
        [program, *arguments], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if answer.returncode != 0:
        raise NbGraderException(answer.stderr.strip().split("\n")[-1] or answer.stdout)
    return json.loads(answer.stdout)


class PlainCollect(ExchangeCollect):
    """Collects files and folders only: a link would bring what the student cannot read, and a pipe
    would be waited for. Nothing is opened by a path that a student could change meanwhile. And of
    each student only what their own account has put there: nbgrader would warn, and take it."""

    def init_src(self):
        super().init_src()
        for record in self.src_records:
            if not self.is_own(record):
                self.log.error("Not collected: %s: its owner is not %s",
                               record["filename"], record["username"])
        self.src_records = [it for it in self.src_records if self.is_own(it)]

    def _sort_by_timestamp(self, records):
        # The last is taken: one in another's name must not come before theirs.
        own = [it for it in records if self.is_own(it)]
        return super()._sort_by_timestamp(own or records)

    def is_own(self, record):
        if not self.check_owner:
            return True
        owner = os.lstat(os.path.join(self.inbound_path, record["filename"])).st_uid
        try:
            return pwd.getpwuid(owner).pw_name == record["username"]
        except KeyError:
            return False

    def do_copy(self, src, dest, log=None):
        self.left = 1000 * self.coursedir.max_dir_size
        self.copy(src, dest, None, 20)

    def copy(self, name, dest, folder, depth):
        descriptor = None
        try:
            way = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            descriptor = os.open(name, way, dir_fd=folder)
            kind = os.fstat(descriptor).st_mode
            if stat.S_ISREG(kind) and folder is not None:
                self.copy_file(descriptor, dest)
            elif stat.S_ISDIR(kind) and depth > 0:
                os.mkdir(dest)
                for below in sorted(os.listdir(descriptor)):
                    if not any(fnmatch.fnmatch(below, one) for one in self.coursedir.ignore):
                        self.copy(below, os.path.join(dest, below), descriptor, depth - 1)
            else:
                raise OSError("it is a pipe or a device, or too deep")
        except OSError as error:
            # ELOOP, "too many levels of symbolic links": it is one.
            self.log.error("Not collected: %s: %s", name, error.strerror or error)
        finally:
            if descriptor is not None:
                os.close(descriptor)

    def copy_file(self, descriptor, dest):
        most = min(1000 * self.coursedir.max_file_size, self.left)
        with open(descriptor, "rb", closefd=False) as source:
            text = source.read(most + 1)
        if len(text) > most:
            raise OSError("it is too large")
        self.left -= len(text)
        with open(dest, "xb") as copy:
            copy.write(text)


def refuse_links(converter, assignment, student):
    """nbgrader copies what stands beside a notebook, and follows links."""
    place = converter._format_source(assignment, student)
    found = [os.path.dirname(place), place]
    for folder, folders, files in os.walk(place):
        found += [os.path.join(folder, name) for name in folders + files]
    for path in found:
        kind = os.lstat(path).st_mode
        if not (stat.S_ISDIR(kind) or stat.S_ISREG(kind)):
            raise NbGraderException(
                "a submission is not graded: %s is a link, a pipe or a device; remove it" % path)


def autograde_plain_files_only():
    """No setting of nbgrader's stands before its first look at a submission."""
    begin = Autograde.init_destination
    if hasattr(begin, "refuses_links"):
        return

    def init_destination(self, assignment_id, student_id):
        refuse_links(self, assignment_id, student_id)
        return begin(self, assignment_id, student_id)

    init_destination.refuses_links = True
    Autograde.init_destination = init_destination


class TakeSolutions(NotebookExporter):
    """Puts the student's solutions into the teacher's notebook, and goes on with that."""

    def from_filename(self, filename, resources=None, **options):
        course, names = CourseDirectory(config=self.config), resources["nbgrader"]
        notebook = names["notebook"] + ".ipynb"
        submitted = os.path.join(course.format_path(
            course.submitted_directory, names["student"], names["assignment"]), notebook)
        if os.path.abspath(filename) != os.path.abspath(submitted):
            return super().from_filename(filename, resources, **options)
        source = os.path.join(course.format_path(
            course.source_directory, ".", names["assignment"]), notebook)
        answers = lab("take-solutions", "--assignment", source, "--", submitted)
        ours = read(source, as_version=4)
        for cell in ours.cells:
            if role(cell).get("solution"):
                cell.source = answers[role(cell)["grade_id"]]
        return self.from_notebook_node(ours, resources, **options)


class Judge(NbGraderPreprocessor):
    """Writes the verdict where nbgrader looks for what an execution would have left."""

    def preprocess(self, nb, resources):
        course, names = CourseDirectory(config=self.config), resources["nbgrader"]
        submitted = course.format_path(
            course.submitted_directory, names["student"], names["assignment"])
        source = course.format_path(course.source_directory, ".", names["assignment"])
        notebook = names["notebook"] + ".ipynb"
        verdict = lab("grade", "--json", "--assignment", os.path.join(source, notebook),
                      "--", os.path.join(submitted, notebook))["graded"][0]
        tests = {test["id"]: test for test in verdict["tests"]}
        for cell in nb.cells:
            if cell.cell_type == "code":
                cell.outputs = outputs(tests.get(role(cell).get("grade_id")))
        return nb, resources


def outputs(test):
    """What nbgrader takes for a score: a number that is a result, or an error for none."""
    if test is None:
        return []
    if test["passed"]:
        return [new_output("stream", name="stdout", text="passed\n"),
                new_output("execute_result", data={"text/plain": str(test["points"])})]
    reason = test.get("reason", "failed")
    said = textwrap.fill("failed: " + reason, 100)
    error = new_output("error", ename="failed", evalue=reason, traceback=[said])
    return drawn(test.get("picture")) + [error]


def drawn(picture):
    """The run or schedule that failed, for the feedback: shown, never scored."""
    if picture is None:
        return []
    # As an image: whatever stands in it, a page runs and fetches nothing of it.
    image = base64.b64encode(picture["svg"].encode()).decode()
    words = html.escape(picture["words"])
    page = f'<img alt="{words}" src="data:image/svg+xml;base64,{image}">'
    return [new_output("display_data", data={"text/html": page, "text/plain": picture["words"]})]


c = get_config()  # noqa: F821

autograde_plain_files_only()

c.CourseDirectory.course_id = "concurrency"
c.ExchangeFactory.collect = PlainCollect
c.ClearSolutions.code_stub = {"rust": "// YOUR CODE HERE\ntodo!()"}
c.Autograde.exporter_class = TakeSolutions
c.Autograde.sanitize_preprocessors = [
    ClearOutput, OverwriteKernelspec, OverwriteCells, CheckCellMetadata]
c.Autograde.autograde_preprocessors = [
    Judge, ClearMetadataPreprocessor, LimitOutput, SaveAutoGrades, AssignLatePenalties,
    CheckCellMetadata]
c.ClearMetadataPreprocessor.enabled = False
# nbgrader alone would show the hidden tests to the students here.
c.GenerateFeedback.preprocessors = [GetGrades, ClearHiddenTests, CSSHTMLHeaderPreprocessor]
