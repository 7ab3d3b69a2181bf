//! What a reader may type and expect another thing of: evcxr's commands that would take the kernel's
//! guards away, a program's `main`, and its stdin.

use super::Front;
use super::cells::Stream;
use super::evcxr::Evcxr;
use serde_json::{Value, json};
use syn::parse::Parser;
use syn::{Block, Item, Stmt};

const CLEAR: &str = ":clear";
const QUIT: &str = ":quit";

const QUIT_IS_FOR_TERMINALS: &str = "`:quit` ends no notebook's kernel: choose Kernel → Shut Down Kernel to end it, or Kernel → Restart Kernel to begin anew. Everything is still there.\n";

/// The commands of a cell: they stand before its code.
fn commands(code: &str) -> impl Iterator<Item = &str> {
    let lines = code.lines().take_while(|line| {
        let line = line.trim_start();
        line.is_empty() || [":", "!", "//"].iter().any(|begin| line.starts_with(begin))
    });
    lines.map(str::trim).filter(|line| line.starts_with(':'))
}

/// `:clear` takes `support` away, and with it what guards forks and tells of panics. So evcxr is told
/// that beforehand, and then what it is told at a kernel's start.
pub fn clear(evcxr: &Evcxr, code: &str) {
    let Some(workplace) = &evcxr.workplace else {
        return;
    };
    if commands(code).any(|command| command == CLEAR) {
        for code in [CLEAR, &workplace.beginning] {
            let content = json!({"code": code, "silent": true, "store_history": false});
            evcxr.ask("execute_request", &content);
        }
    }
}

/// A cell without the `:clear` that has been dealt with.
pub fn without_clear(request: &Value) -> Option<Value> {
    let code = request["code"].as_str()?;
    if !commands(code).any(|command| command == CLEAR) {
        return None;
    }
    let mut clears = true;
    let lines = code.split_inclusive('\n').map(|line| {
        let is_it = clears && line.trim() == CLEAR;
        // What stands in the code is no command.
        clears &= is_it || commands(line).next().is_some() || line.trim().is_empty();
        match is_it {
            true => line.replace(CLEAR, ""),
            false => line.to_owned(),
        }
    });
    let mut content = request.clone();
    content["code"] = lines.collect::<String>().into();
    Some(content)
}

/// A word to whoever defines `main` as in a program, and expects that it runs.
pub fn advice(code: &str) -> Option<String> {
    if !code.contains("fn main") {
        return None;
    }
    let statements = Block::parse_within.parse_str(code).ok()?;
    let main = statements.iter().find_map(|statement| match statement {
        Stmt::Item(Item::Fn(function)) if function.sig.ident == "main" => Some(function),
        _ => None,
    })?;
    let mut others = statements
        .iter()
        .filter(|statement| !matches!(statement, Stmt::Item(_)));
    let calls = |statement: &Stmt| {
        let text = quote::ToTokens::to_token_stream(statement).to_string();
        text.contains("main (")
    };
    let call = match main.sig.asyncness.is_some() && main.attrs.is_empty() {
        true => "block_on(main())",
        false => "main()",
    };
    let is_called = others.any(calls);
    (!is_called).then(|| {
        format!("`main` is defined and has not run: a cell runs its own statements. Add a line `{call}` behind it, or run that in the next cell.\n")
    })
}

/// A word to whoever reads stdin, which is at its end.
fn about_stdin(code: &str) -> Option<String> {
    let reads = [
        "read_line",
        "lines()",
        "read_to_string",
        "read_to_end",
        ".read(",
    ];
    let is_one = code.contains("stdin()")
        && !code.to_lowercase().contains("evcxr_input")
        && reads.iter().any(|call| code.contains(call));
    is_one.then(|| "stdin is at its end in a notebook's cell. To ask the reader: `:dep evcxr_input = \"1\"`, then `evcxr_input::get_string(\"Your name? \")`.\n".to_owned())
}

impl Front {
    /// Answers a cell that asks for the kernel's end, in the way that consoles know.
    pub(super) fn quit_if_asked(&mut self, code: &str) {
        if !commands(code).any(|command| command == QUIT) {
            return;
        }
        self.text.add(Stream::Stdout, QUIT_IS_FOR_TERMINALS.into());
        self.answer(&json!({
            "status": "ok",
            "execution_count": self.count,
            "user_expressions": {},
            "payload": [{"source": "ask_exit", "keepkernel": false}],
        }));
    }

    /// What the reader of a cell that succeeded may have to know.
    pub(super) fn advise(&mut self) {
        let code = self.phase.request().map(|request| request.content());
        let code = code.as_ref().and_then(|content| content["code"].as_str());
        let said = code.map(|code| [advice(code), about_stdin(code)]);
        for advice in said.into_iter().flatten().flatten() {
            self.text.add(Stream::Stdout, advice.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clear_goes_and_its_line_stays() {
        let cell = json!({"code": ":clear\n:dep a = \"1\"\nlet x = 1;"});
        let cleared = without_clear(&cell).expect("a cell with the command");
        assert_eq!(cleared["code"], "\n:dep a = \"1\"\nlet x = 1;");
        for other in ["let x = 1;\n:clear", ":clearly", "// :clear"] {
            assert_eq!(without_clear(&json!({"code": other})), None, "{other}");
        }
    }

    #[test]
    fn a_main_that_nobody_calls_is_told_of() {
        let told = |code| advice(code).is_some();
        assert!(told("fn main() { println!(\"a\"); }"));
        assert!(told("fn helper() {}\nfn main() { helper(); }\nhelper();"));
        assert!(!told("fn main() {}\nmain()"));
        assert!(!told("fn main_loop() {}"));
        let of_async = advice("async fn main() {}").expect("a word");
        assert!(of_async.contains("block_on(main())"), "{of_async}");
        let of_tokio = advice("#[tokio::main] async fn main() {}").expect("a word");
        assert!(of_tokio.contains("`main()`"), "{of_tokio}");
    }
}
