//! Cells as learners type them wrong: each report says the right thing at the right place, without the
//! inner names of what stands around the cell. The cells are in `wrong-cells.txt`.
//!
//! To look at reports: `WRONG_CELL=closure` runs those whose title has this in it, and
//! `WRONG_CELLS_SHOWN=1` prints every report.

use end_to_end::kernel::{Kernel, Reply};

const CELLS: &str = include_str!("wrong-cells.txt");

/// Names of evcxr's that a learner has never heard of.
const INNER: [&str; 5] = ["evcxr", "src/lib.rs", "command_", "run_user_code", "ctx"];

#[derive(Default)]
struct Wrong<'a> {
    title: &'a str,
    /// The cells that are run before, and how each is to end.
    before: Vec<(&'a str, String)>,
    code: String,
    name: Option<&'a str>,
    /// Lines of the cell.
    at: Vec<&'a str>,
    says: Vec<&'a str>,
    lacks: Vec<&'a str>,
    /// Whether it does not fail.
    is_right: bool,
}

/// The sections of the file, the first of which explains it.
fn sections() -> Vec<Wrong<'static>> {
    let sections = CELLS.split("\n== ").skip(2);
    sections.map(Wrong::parse).collect()
}

impl<'a> Wrong<'a> {
    fn parse(section: &'a str) -> Wrong<'a> {
        let (title, lines) = section.split_once('\n').expect("a title and a cell");
        let mut wrong = Wrong {
            title,
            ..Wrong::default()
        };
        let mut code = Vec::new();
        let mut open = false;
        for line in lines.lines() {
            if let Some(end) = line.strip_prefix(">>") {
                wrong.before.push((end.trim(), String::new()));
                open = true;
            } else if let Some(line) = line.strip_prefix("> ") {
                if !open {
                    wrong.before.push(("", String::new()));
                    open = true;
                }
                let (_, cell) = wrong.before.last_mut().expect("a cell");
                *cell += &format!("{line}\n");
            } else if let Some(told) = line.strip_prefix("-- ") {
                let (kind, text) = told.split_once(": ").expect("a kind and a text");
                match kind {
                    "name" => wrong.name = Some(text),
                    "at" => wrong.at.push(text),
                    "says" => wrong.says.push(text),
                    "lacks" => wrong.lacks.push(text),
                    "ends" => wrong.is_right = text == "ok",
                    _ => panic!("{title}: {kind} is no kind"),
                }
            } else {
                code.push(line);
            }
        }
        wrong.code = code.join("\n").trim_end().to_owned();
        wrong
    }

    /// What is wrong with the report, a line each.
    fn run(&self, kernel: &mut Kernel) -> (Vec<String>, String) {
        let mut faults = Vec::new();
        let mut numbers = Vec::new();
        for (ends, code) in &self.before {
            let reply = kernel.run(code);
            let expected = if ends.is_empty() { "ok" } else { "error" };
            if reply.status != expected {
                faults.push(format!("a cell before ended so: {}", report(&reply)));
            }
            numbers.push(number(&reply));
        }
        let reply = kernel.run(&self.code);
        let expected = if self.is_right { "ok" } else { "error" };
        if reply.status != expected {
            faults.push(format!("it ended with {}", reply.status));
        }
        let said = report(&reply);
        let own = number(&reply);
        if let Some(name) = self.name
            && reply.field("ename") != name
        {
            faults.push(format!("its name is {}, not {name}", reply.field("ename")));
        }
        let mut rest = said.as_str();
        for line in &self.at {
            let places = [
                format!("cell [{own}]:{line}:"),
                format!("cell [{own}], line {line}"),
            ];
            let found = places
                .iter()
                .filter_map(|place| Some((rest.find(place)?, place.len())));
            match found.min() {
                Some((at, length)) => rest = &rest[at + length..],
                None => faults.push(format!("it does not point at line {line}")),
            }
        }
        for text in &self.says {
            let mut text = (*text).to_owned();
            for (index, number) in numbers.iter().enumerate() {
                text = text.replace(&format!("[{}]", index + 1), &format!("[{number}]"));
            }
            if !said.contains(&text) {
                faults.push(format!("it does not say: {text}"));
            }
        }
        for text in self.lacks.iter().chain(&INNER) {
            if said.contains(text) {
                faults.push(format!("it says: {text}"));
            }
        }
        (faults, said)
    }
}

fn number(reply: &Reply) -> String {
    reply.field("execution_count")
}

/// All that a reader sees of it.
fn report(reply: &Reply) -> String {
    format!("{}\n{}{}", reply.traceback(), reply.stdout, reply.stderr)
}

#[test]
fn every_wrong_cell_is_told_what_is_wrong_and_where() {
    let only = std::env::var("WRONG_CELL").ok();
    let shows = std::env::var_os("WRONG_CELLS_SHOWN").is_some();
    let mut kernel = Kernel::start();
    let mut wrong = Vec::new();
    let mut count = 0;
    for section in sections() {
        if only
            .as_ref()
            .is_some_and(|only| !section.title.contains(only))
        {
            continue;
        }
        count += 1;
        let (faults, said) = section.run(&mut kernel);
        if shows {
            eprintln!("== {}\n{}\n{said}", section.title, section.code);
        }
        if !faults.is_empty() {
            let faults = faults.join("\n  ");
            wrong.push(format!(
                "== {}\n  {faults}\n{}\n{said}",
                section.title, section.code
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {count}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    kernel.shut_down();
}
