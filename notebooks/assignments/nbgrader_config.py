"""nbgrader's settings for a course in Rust.

nbgrader releases, collects, keeps the gradebook and writes the feedback. The verdict is not its:
`cargo lab grade` reaches it, from the text of the student's solution cells alone, in a program
that runs in a sandbox. No cell of a submission is ever executed here.
"""

import json
import os
import subprocess

from jupyter_client.kernelspec import KernelSpecManager
from nbformat import read
from nbformat.v4 import new_output
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import (
    AssignLatePenalties, CheckCellMetadata, ClearHiddenTests, ClearOutput, LimitOutput,
    NbGraderPreprocessor, OverwriteCells, OverwriteKernelspec, SaveAutoGrades)
from nbgrader.preprocessors.getgrades import GetGrades
from nbconvert.preprocessors import ClearMetadataPreprocessor, CSSHTMLHeaderPreprocessor


def role(cell):
    return cell.metadata.get("nbgrader", {})


class TakeSolutions(NbGraderPreprocessor):
    """Puts the student's solutions into the teacher's notebook, and goes on with that."""

    def preprocess(self, nb, resources):
        course, names = CourseDirectory(config=self.config), resources["nbgrader"]
        source = course.format_path(course.source_directory, ".", names["assignment"])
        ours = read(os.path.join(source, names["notebook"] + ".ipynb"), as_version=4)
        answers = {}
        for cell in nb.cells:
            answers.setdefault((role(cell).get("grade_id"), cell.cell_type), cell.source)
        for cell in ours.cells:
            if role(cell).get("solution"):
                cell.source = answers.get((role(cell)["grade_id"], cell.cell_type), "")
        return ours, resources


class Judge(NbGraderPreprocessor):
    """Writes the verdict where nbgrader looks for what an execution would have left."""

    def preprocess(self, nb, resources):
        course, names = CourseDirectory(config=self.config), resources["nbgrader"]
        submitted = course.format_path(
            course.submitted_directory, names["student"], names["assignment"])
        source = course.format_path(course.source_directory, ".", names["assignment"])
        notebook = names["notebook"] + ".ipynb"
        lab = KernelSpecManager().get_kernel_spec("rust").argv[0]
        answer = subprocess.run(
            [lab, "grade", "--json", "--assignment", os.path.join(source, notebook),
             "--", os.path.join(submitted, notebook)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if answer.returncode != 0:
            raise RuntimeError("the verdict could not be reached: "
                               + (answer.stderr.strip().split("\n")[-1] or answer.stdout))
        verdict = json.loads(answer.stdout)["graded"][0]
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
    return [new_output("error", ename="failed", evalue=reason, traceback=["failed: " + reason])]


c = get_config()  # noqa: F821

c.CourseDirectory.course_id = "concurrency"
c.ClearSolutions.code_stub = {"rust": "// YOUR CODE HERE\ntodo!()"}
c.Autograde.sanitize_preprocessors = [
    TakeSolutions, ClearOutput, OverwriteKernelspec, OverwriteCells, CheckCellMetadata]
c.Autograde.autograde_preprocessors = [
    Judge, ClearMetadataPreprocessor, LimitOutput, SaveAutoGrades, AssignLatePenalties,
    CheckCellMetadata]
c.ClearMetadataPreprocessor.enabled = False
# nbgrader alone would show the hidden tests to the students here.
c.GenerateFeedback.preprocessors = [GetGrades, ClearHiddenTests, CSSHTMLHeaderPreprocessor]
