//! Claims: what a cell's text says of its run, as Rust expressions that the kernel evaluates.
//!
//! They stand in the cell's metadata, where JupyterLab, nbgrader and jupytext keep them and no page
//! shows them:
//!
//! ```json
//! "claims": [
//!     {"says": "left and right never run at once", "holds": "one_core.of(\"left\").overlap(&one_core.of(\"right\")).is_zero()"},
//!     {"says": "two cores are faster", "holds": "two < one", "time": true},
//!     {"says": "the counter is 0", "holds": "printed.contains(\"counter: 0\")"}
//! ]
//! ```

use serde_json::Value;
use std::fmt::{self, Write};
use syn::spanned::Spanned;
use syn::{BinOp, Expr};

use super::notebook::joined;
use super::quiet::QUIET;

/// In a claim, all that its cell put out, as text without colours: what it printed, its value, its
/// error, the sentences of its pictures.
const PRINTED: &str = "printed";

/// What a cell's text says of its run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The sentence that a reader would check by eye; it becomes the picture's alt text.
    pub says: String,
    /// The Rust expression that is true when the sentence is.
    pub holds: String,
    /// Whether it is about time, which other programs on the machine may spoil.
    pub time: bool,
}

/// A claim that does not hold.
#[derive(Debug, Clone)]
pub struct Broken {
    /// Which code cell, counted from 1.
    pub cell: usize,
    pub id: Option<String>,
    pub claim: Claim,
    /// The values that it compares, or how it failed.
    pub came: String,
    /// The part of a core that other programs had while the notebook ran, up to the claim's cell.
    pub others: f64,
}

impl Broken {
    /// Whether it has to hold all the same: unless it is about time, and the machine was busy.
    pub fn counts(&self) -> bool {
        !self.claim.time || self.others <= QUIET
    }

    pub fn is_same(&self, other: &Broken) -> bool {
        (self.cell, &self.claim) == (other.cell, &other.claim)
    }
}

/// The sentence of a report.
impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Claim { says, holds, time } = &self.claim;
        write!(f, "\"{says}\" does not hold: `{holds}`")?;
        if !self.came.is_empty() {
            write!(f, ", but {}", self.came)?;
        }
        if *time {
            let percent = self.others * 100.0;
            write!(f, " (others used {percent:.0} % of a core meanwhile)")?;
        }
        Ok(())
    }
}

/// Reads the claims from a cell's metadata. The error says what is wrong with them.
pub fn of(metadata: &Value) -> Result<Vec<Claim>, String> {
    let Some(claims) = metadata.get("claims") else {
        return Ok(Vec::new());
    };
    let claims = claims
        .as_array()
        .ok_or("the metadata `claims` is not a list")?;
    claims.iter().map(claim).collect()
}

fn claim(value: &Value) -> Result<Claim, String> {
    let (says, holds) = (joined(&value["says"]), joined(&value["holds"]));
    if says.is_empty() || holds.is_empty() {
        return Err(format!(
            "the claim {value} has not both `says`, a sentence, and `holds`, an expression"
        ));
    }
    if let Err(error) = syn::parse_str::<Expr>(&holds) {
        return Err(format!(
            "`{holds}`, of the claim \"{says}\", is no Rust expression: {error}"
        ));
    }
    let time = value["time"] == true;
    Ok(Claim { says, holds, time })
}

/// A cell that evaluates the claims, each once, and prints a line for each that begins with `mark`.
/// A claim that names [`PRINTED`] is given the text that its cell put out.
pub fn cell(claims: &[Claim], mark: &str, printed: &str) -> String {
    let is_named = claims.iter().any(|claim| claim.holds.contains(PRINTED));
    let printed = match is_named {
        true => format!("let {PRINTED}: &str = {printed:?};\n"),
        false => String::new(),
    };
    let mut code = format!(
        "{{\n{printed}\
         use ::std::{{panic, println, string::String}};\n\
         let claim = |number: usize, holds: &dyn Fn() -> (bool, String)| {{\n\
         match panic::catch_unwind(panic::AssertUnwindSafe(holds)) {{\n\
         Ok((holds, came)) => println!(\"{mark} {{number}} {{holds}} {{came}}\"),\n\
         Err(panic) => {{\n\
         let text = panic.downcast_ref::<String>().map(String::as_str);\n\
         let text = text.or(panic.downcast_ref::<&str>().copied()).unwrap_or_default();\n\
         println!(\"{mark} {{number}} panicked {{}}\", text.replace('\\n', \" \"));\n\
         }}\n\
         }}\n\
         }};\n"
    );
    for (number, claim) in claims.iter().enumerate() {
        let holds = &claim.holds;
        let values = compared(holds);
        let words: Vec<String> = values
            .iter()
            .map(|value| shown(value) + " = {:?}")
            .collect();
        let (words, values) = (words.join(", "), values.join(", "));
        writeln!(
            code,
            "claim({number}, &|| {{ let holds: bool = {holds}; \
             let came = if holds {{ String::new() }} else {{ ::std::format!({words:?}, {values}) }}; \
             (holds, came) }});"
        )
        .ok();
    }
    code + "}\n;"
}

/// An expression as text within a format string.
fn shown(expression: &str) -> String {
    let words: Vec<&str> = expression.split_whitespace().collect();
    words.join(" ").replace('{', "{{").replace('}', "}}")
}

/// The two sides of each comparison in an expression, but for literals.
fn compared(expression: &str) -> Vec<String> {
    let mut sides = Vec::new();
    if let Ok(parsed) = syn::parse_str::<Expr>(expression) {
        collect(&parsed, expression, &mut sides);
    }
    sides
}

fn collect(expression: &Expr, text: &str, sides: &mut Vec<String>) {
    match expression {
        Expr::Paren(inner) => collect(&inner.expr, text, sides),
        Expr::Unary(inner) => collect(&inner.expr, text, sides),
        Expr::Binary(binary) => match binary.op {
            BinOp::And(_) | BinOp::Or(_) => {
                collect(&binary.left, text, sides);
                collect(&binary.right, text, sides);
            }
            BinOp::Lt(_)
            | BinOp::Le(_)
            | BinOp::Gt(_)
            | BinOp::Ge(_)
            | BinOp::Eq(_)
            | BinOp::Ne(_) => {
                for side in [&binary.left, &binary.right] {
                    if !is_constant(side) {
                        sides.extend(text.get(side.span().byte_range()).map(str::to_owned));
                    }
                }
            }
            _ => {}
        },
        _ => {}
    }
}

/// A literal, or a call with nothing but literals: who reads it knows its value.
fn is_constant(expression: &Expr) -> bool {
    match expression {
        Expr::Lit(_) => true,
        Expr::Call(call) => call.args.iter().all(is_constant),
        Expr::Unary(unary) => is_constant(&unary.expr),
        _ => false,
    }
}

/// What the cell said of each claim: `None` where it holds, else what came instead.
pub fn answers(claims: usize, mark: &str, printed: &str) -> Vec<Option<String>> {
    let mut answers = vec![Some("no answer came".to_owned()); claims];
    for line in printed.lines() {
        let Some((number, answer)) = line
            .strip_prefix(mark)
            .and_then(|rest| rest.trim_start().split_once(' '))
        else {
            continue;
        };
        if let Some(place) = number.parse().ok().and_then(|n: usize| answers.get_mut(n)) {
            *place = match answer.split_once(' ') {
                Some(("true", _)) => None,
                Some(("false", came)) => Some(came.to_owned()),
                Some((_, text)) => Some(format!("it panicked: {text}")),
                None => Some("it panicked".to_owned()),
            };
        }
    }
    answers
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn claims_are_read_and_refused() {
        let claims =
            json!({"claims": [{"says": "one is less", "holds": ["1 <", " 2"], "time": true}]});
        let one = Claim {
            says: "one is less".to_owned(),
            holds: "1 < 2".to_owned(),
            time: true,
        };
        assert_eq!(of(&claims), Ok(vec![one]));
        assert_eq!(of(&json!({})), Ok(vec![]));
        for (wrong, because) in [
            (json!({"claims": "1 < 2"}), "not a list"),
            (json!({"claims": [{"says": "x"}]}), "`holds`"),
            (
                json!({"claims": [{"says": "x", "holds": "1 <"}]}),
                "no Rust expression",
            ),
        ] {
            let error = of(&wrong).unwrap_err();
            assert!(error.contains(because), "{error}");
        }
    }

    #[test]
    fn the_sides_of_comparisons_are_shown() {
        assert_eq!(compared("a.len() > 3 && !(b == c)"), ["a.len()", "b", "c"]);
        assert_eq!(compared("all(x)"), [""; 0]);
        assert_eq!(compared("x > Duration::from_millis(-1)"), ["x"]);
    }

    #[test]
    fn answers_are_found_among_other_lines() {
        let printed =
            "noise\nmark 0 true \nmark 2 panicked no luck\nmark 1 false a = 3, b = 4\nmark 9 true";
        let answers = answers(4, "mark", printed);
        let came = |text: &str| Some(text.to_owned());
        assert_eq!(
            answers,
            [
                None,
                came("a = 3, b = 4"),
                came("it panicked: no luck"),
                came("no answer came")
            ]
        );
    }
}
