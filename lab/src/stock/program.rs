//! The program that evcxr writes for a cell: the session's items, its own runtime if there are
//! variables, and a function that takes the variables, runs the cell's statements and keeps the variables again.

use std::ops::Range;

/// Names in the program that are its own.
pub const NAMES: [&str; 6] = [
    STORE,
    "evcxr_internal_runtime",
    "evcxr_analysis_wrapper",
    "evcxr_send_text_plain",
    "run_user_code_",
    "EvcxrUserCodeError",
];

/// Where variables are kept; in a text that is only checked, the function that stands for it.
pub const STORE: &str = "evcxr_variable_store";

/// Where it says a variable's type: as it is kept, as it is looked for, and as it is taken out again.
/// Behind each comes the type, and [`OF`] with the name.
pub const STORES: &str = "evcxr_variable_store.put_variable::<";
pub const CHECKS: &str = "vars_ok &= evcxr_variable_store.check_variable::<";
pub const TAKES: &str = " = evcxr_variable_store.take_variable::<";
pub const OF: &str = ">(stringify!(";

/// In its runtime, what it says of a variable whose type is another by now.
pub const GONE: &str =
    r#"eprintln!("The type of the variable {name} was redefined, so was lost.",);"#;

/// Around statements with a `?`.
pub const TRIES: &str = "let _ = (|| -> std::result::Result<(), EvcxrUserCodeError> {\n";
pub const TRIED: &str = "Ok(())})();\n";
/// Behind all statements and variables.
pub const END: &str = "\nevcxr_variable_store\n}\n";

/// Its runtime: where variables are between cells.
pub const RUNTIME: &str = include_str!("runtime.txt");

/// Where that stands in the program; nothing where it is another.
pub fn runtime(program: &str) -> Option<Range<usize>> {
    let start = items(program);
    let is_known = program[start..].starts_with(RUNTIME);
    is_known.then_some(start..start + RUNTIME.len())
}

/// Where the items end and what it runs begins.
const BEGINNINGS: [&str; 2] = [
    "mod evcxr_internal_runtime {\n",
    "#[unsafe(no_mangle)]\npub extern \"C\" fn run_user_code_",
];

/// Its lines before the reader's statements; the last is the beginning of one.
const OWN: [&str; 4] = [
    "*mut u8) -> *mut u8 {\n",
    "let evcxr_variable_store = unsafe {&mut *evcxr_variable_store};\n",
    "if !vars_ok {return evcxr_variable_store;}}\n",
    TAKES,
];

/// The length of the items, with which a program begins.
pub fn items(program: &str) -> usize {
    let begins = BEGINNINGS
        .iter()
        .filter_map(|begin| match program.starts_with(begin) {
            true => Some(0),
            false => program.find(&format!("\n{begin}")).map(|at| at + 1),
        });
    begins.min().unwrap_or(program.len())
}

/// Where, in what a program runs, its own statements end before the reader's: behind the last of its lines
/// that is there.
pub fn end_of_own_statements(run: &str) -> Option<usize> {
    let ends = OWN.iter().filter_map(|line| {
        let at = run.rfind(line)?;
        Some(at + run[at..].find('\n')? + 1)
    });
    ends.max()
}

/// The variable that a line of the program keeps for the cells that follow.
pub fn stored(line: &str) -> Option<&str> {
    let rest = line.trim().strip_prefix(STORE)?;
    let rest = match rest.split_once("(stringify!(") {
        Some((put, rest)) if put.starts_with(".put_variable::<") => rest,
        _ => rest.strip_prefix('(')?,
    };
    rest.split_once([',', ')']).map(|(name, _)| name)
}

/// The functions of the program into which it puts a cell's statements, in order: to run them,
/// and to have them checked only.
const FUNCTIONS: [&str; 2] = ["fn run_user_code_", "fn evcxr_analysis_wrapper("];

/// Whether what stands behind `before` in the program is in such a function.
pub fn is_statement(before: &str) -> bool {
    FUNCTIONS.iter().any(|function| before.contains(function))
}

/// Whether a line of the program is its own, with the cell's last expression behind it.
pub fn leads_to_expression(line: &str) -> bool {
    ["(", "let _ ="].contains(&line.trim()) || line.starts_with("evcxr_send_text_plain(")
}

/// Whether such a line closes what was opened around the expression.
pub fn ends_expression(line: &str) -> bool {
    [").evcxr_display();", ")));", ";"].contains(&line)
}
