//! Each notebook is a test of its own: found by glob, executed headless by `cargo lab run`, and
//! committed as it was executed.

use end_to_end::commands::BoundedOutput;
use end_to_end::{cargo_lab, repository, said};
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;
use std::cmp::Reverse;
use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};

fn main() {
    let arguments = Arguments::from_args();
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let pattern = root.join("notebooks/**/*.ipynb");
    let found = glob::glob(&pattern.to_string_lossy())
        .expect("a pattern")
        .flatten();
    // Assignments are checked by the tests of the classroom.
    let is_lesson = |path: &PathBuf| {
        let path = path.to_string_lossy();
        !path.contains(".ipynb_checkpoints") && !path.contains("/notebooks/assignments/")
    };
    let mut lessons: Vec<PathBuf> = found.filter(is_lesson).collect();
    // The longest first, lest one be left to run alone at the end.
    lessons.sort_by_cached_key(|path| Reverse(code_cells(path)));
    let name = |path: &Path| {
        let name = path.file_stem().unwrap_or_default();
        name.to_string_lossy().into_owned()
    };
    let mut trials = Vec::new();
    for path in lessons.clone() {
        trials.push(Trial::test(
            format!("{}::executes", name(&path)),
            move || executes(&path),
        ));
    }
    for path in lessons {
        trials.push(Trial::test(
            format!("{}::is_committed_as_executed", name(&path)),
            move || is_presentable(&path),
        ));
    }
    trials.push(Trial::test(
        "all::say_of_the_kernel_what_it_says",
        each_says_what_the_kernel_says,
    ));
    trials.push(Trial::test(
        "all::fit_a_printed_page",
        each_fits_a_printed_page,
    ));
    trials.push(Trial::test(
        "all::stand_in_the_course_s_table",
        each_stands_in_the_table,
    ));
    trials.push(Trial::test(
        "readme::pictures_are_the_notebooks_own",
        pictures_are_the_notebooks_own,
    ));
    trials.push(Trial::test(
        "programs::each_is_shown_by_its_notebook",
        each_program_is_shown,
    ));
    assert!(
        trials.len() > 2,
        "no notebook was found by {}",
        pattern.display()
    );
    libtest_mimic::run(&arguments, trials).exit();
}

/// How many code cells a notebook has; none where it cannot be read, which its own tests tell.
fn code_cells(path: &Path) -> usize {
    let text = std::fs::read(path).unwrap_or_default();
    let book: Value = serde_json::from_slice(&text).unwrap_or_default();
    let cells = book["cells"].as_array().into_iter().flatten();
    cells.filter(|cell| cell["cell_type"] == "code").count()
}

/// The table that JupyterLab shows first has each lesson, with the minutes and the assignments that
/// the lesson itself names.
fn each_stands_in_the_table() -> Result<(), Failed> {
    let notebooks = repository().join("notebooks");
    let table = std::fs::read_to_string(notebooks.join("README.md"))?;
    let mut wrong = Vec::new();
    for path in glob::glob(&notebooks.join("*.ipynb").to_string_lossy())?.flatten() {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let book: Value = serde_json::from_slice(&std::fs::read(&path)?)?;
        let cells = book["cells"].as_array().ok_or("no cells")?;
        let text: String = cells.iter().map(|cell| text(&cell["source"])).collect();
        let minutes = text.split("**Time:** ").nth(1).unwrap_or_default();
        let minutes = minutes.split(' ').next().unwrap_or_default();
        let assignments: BTreeSet<&str> = links(&text, "assignments/").collect();
        let start = format!("| [{name}]({name}.ipynb) |");
        let row = table.lines().find(|line| line.starts_with(&start));
        let row = row.unwrap_or_default();
        let fields: Vec<&str> = row.split(" | ").collect();
        let in_row: BTreeSet<&str> = links(row, "assignments/").collect();
        if fields.get(2) != Some(&minutes) || in_row != assignments {
            wrong.push(format!(
                "{name}: {minutes} minutes and {assignments:?}, and the table has: {row}"
            ));
        }
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(format!("notebooks/README.md: {}", wrong.join("\n")).into())
    }
}

/// Where the links lead that begin so.
fn links<'a>(text: &'a str, begin: &'static str) -> impl Iterator<Item = &'a str> {
    text.split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .filter(move |link| link.starts_with(begin))
}

fn executes(path: &Path) -> Result<(), Failed> {
    repository();
    let output = cargo_lab(&["run", "--check", "--jobs", "1"])
        .arg(path)
        .bounded_output();
    if output.status.success() {
        Ok(())
    } else {
        Err(said(&output).into())
    }
}

/// What a reader on a code-hosting site sees: every cell numbered in order, no failure that is not
/// meant, at least two pictures, and the parts that every notebook has.
fn is_presentable(path: &Path) -> Result<(), Failed> {
    let book: Value = serde_json::from_slice(&std::fs::read(path)?)?;
    let cells = book["cells"].as_array().ok_or("no cells")?;
    let mut ids = HashSet::new();
    let (mut pictures, mut count) = (0, 0);
    let mut problems = Vec::new();
    for cell in cells {
        let id = cell["id"].as_str().unwrap_or_default();
        if id.is_empty() || !ids.insert(id) {
            problems.push(format!("cell id {id:?} is missing or stands twice"));
        }
        if cell["cell_type"] != "code" {
            continue;
        }
        count += 1;
        if cell["execution_count"] != count {
            problems.push(format!(
                "cell {id} is numbered {}, not {count}",
                cell["execution_count"]
            ));
        }
        let source = text(&cell["source"]);
        if source.lines().count() > 25 {
            problems.push(format!("cell {id} has more than 25 lines"));
        }
        let tags = cell["metadata"]["tags"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let meant = tags
            .iter()
            .any(|tag| tag == "raises-exception" || tag == "stderr-expected");
        for output in cell["outputs"].as_array().into_iter().flatten() {
            if output["data"]["image/svg+xml"].is_array() {
                pictures += 1;
                // What a page shows that does not trust the notebook yet.
                let page = text(&output["data"]["text/html"]);
                let alt = page
                    .split_once("<img alt=\"")
                    .and_then(|(_, rest)| rest.split_once('"'));
                if alt.is_none_or(|(alt, _)| alt.len() < 20) {
                    problems.push(format!("cell {id} has a picture without its sentence"));
                }
            }
            if !meant && (output["output_type"] == "error" || output["name"] == "stderr") {
                problems.push(format!("cell {id} failed or wrote to stderr"));
            }
        }
    }
    let prose: String = cells
        .iter()
        .filter(|cell| cell["cell_type"] == "markdown")
        .map(|cell| text(&cell["source"]) + "\n\n")
        .collect();
    if !path
        .components()
        .any(|part| part.as_os_str() == "assignments")
    {
        for heading in ["# ", "## Try it", "## From Python", "## Summary"] {
            let found = prose
                .lines()
                .filter(|line| line.starts_with(heading))
                .count();
            if found != 1 {
                problems.push(format!("{found} headings {heading:?}, not one"));
            }
        }
        if pictures < 2 {
            problems.push(format!("{pictures} pictures, not two at least"));
        }
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems.join("\n").into())
    }
}

/// JupyterLab takes a notebook for changed as soon as it is opened, if a word of this differs.
fn each_says_what_the_kernel_says() -> Result<(), Failed> {
    let home = lab::home::Home::of_this_program()?;
    let mut others = Vec::new();
    for pattern in ["*.ipynb", "assignments/source/*/*.ipynb"] {
        let pattern = home.notebooks().join(pattern);
        for path in glob::glob(&pattern.to_string_lossy())?.flatten() {
            let book: Value = serde_json::from_slice(&std::fs::read(&path)?)?;
            if book["metadata"] != lab::kernelspec::metadata(lab::kernelspec::NAME) {
                others.push(path.display().to_string());
            }
        }
    }
    if others.is_empty() {
        Ok(())
    } else {
        let metadata = lab::kernelspec::metadata(lab::kernelspec::NAME);
        Err(format!("the metadata is not {metadata} in {}", others.join(", ")).into())
    }
}

/// How many columns of code fit a printed page.
const COLUMNS: usize = 88;

fn each_fits_a_printed_page() -> Result<(), Failed> {
    let home = lab::home::Home::of_this_program()?;
    let mut wide = Vec::new();
    for pattern in ["*.ipynb", "assignments/source/*/*.ipynb"] {
        let pattern = home.notebooks().join(pattern);
        for path in glob::glob(&pattern.to_string_lossy())?.flatten() {
            let book: Value = serde_json::from_slice(&std::fs::read(&path)?)?;
            let cells = book["cells"].as_array().into_iter().flatten();
            for cell in cells.filter(|cell| cell["cell_type"] == "code") {
                for (at, line) in text(&cell["source"]).lines().enumerate() {
                    let columns = line.chars().count();
                    // The kernel's own commands stand on one line each.
                    if columns > COLUMNS && !line.starts_with(':') {
                        let (path, line) = (path.display(), at + 1);
                        wide.push(format!(
                            "{path}: cell {}, line {line}: {columns}",
                            cell["id"]
                        ));
                    }
                }
            }
        }
    }
    if wide.is_empty() {
        Ok(())
    } else {
        let all = wide.join("\n");
        Err(format!("code is wider than {COLUMNS} columns:\n{all}").into())
    }
}

/// Each picture of the README is one that the committed notebook drew, and is shown there.
fn pictures_are_the_notebooks_own() -> Result<(), Failed> {
    let home = lab::home::Home::of_this_program()?;
    let readme = std::fs::read_to_string(home.root.join("README.md"))?;
    let pictures = lab::pictures::pictures(&home)?;
    if pictures.is_empty() {
        return Err("the README has no picture".into());
    }
    for picture in pictures {
        let name = picture
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if !readme.contains(&format!("(pictures/{name})")) {
            return Err(format!("the README does not show pictures/{name}").into());
        }
        if std::fs::read_to_string(&picture)? != lab::pictures::drawn(&home, &picture)? {
            return Err(format!(
                "pictures/{name} is not what the notebook drew: run `cargo lab run --save`"
            )
            .into());
        }
    }
    Ok(())
}

/// Each lesson has a program, and its notebook shows it as it is.
fn each_program_is_shown() -> Result<(), Failed> {
    let home = lab::home::Home::of_this_program()?;
    let programs = lab::programs::programs(&home)?;
    let lessons = glob::glob(&home.notebooks().join("*.ipynb").to_string_lossy())?.count();
    if programs.len() != lessons {
        return Err(format!("{} programs for {lessons} lessons", programs.len()).into());
    }
    for program in programs {
        if lab::programs::present(&home, &program)? != lab::programs::shown(&program)? {
            return Err(format!(
                "{} is not what its notebook shows: run `cargo lab run --save`",
                program.display()
            )
            .into());
        }
    }
    Ok(())
}

/// A notebook's text: one string, or one for each line.
fn text(value: &Value) -> String {
    match value.as_array() {
        Some(lines) => lines.iter().filter_map(Value::as_str).collect(),
        None => value.as_str().unwrap_or_default().to_owned(),
    }
}
