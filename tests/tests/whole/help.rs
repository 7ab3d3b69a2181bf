//! Help at the cursor, by the real rust-analyzer: what is offered can be used.

use end_to_end::kernel::Kernel;
use end_to_end::lent::Lent;
use jupyter_protocol::CompleteRequest;
use serde_json::Value;

/// What is offered at the cursor `‸`, as the names alone.
fn offered(kernel: &mut Kernel, code: &str) -> Vec<String> {
    let (before, _) = code.split_once('‸').expect("a cursor");
    let answer = kernel.ask(CompleteRequest {
        cursor_pos: before.chars().count(),
        code: code.replacen('‸', "", 1),
    });
    assert_eq!(answer["status"], "ok", "{code}: {answer}");
    let names = answer["matches"].as_array().into_iter().flatten();
    let is_of_name = |letter: char| letter.is_alphanumeric() || letter == '_';
    let names = names.filter_map(Value::as_str).map(|name| {
        let end = name.find(|letter| !is_of_name(letter));
        name[..end.unwrap_or(name.len())].to_owned()
    });
    names.collect()
}

#[test]
fn what_is_private_elsewhere_is_not_offered_and_what_is_the_cells_own_is() {
    let mut kernel = Lent::take();
    kernel
        .run("struct Own { field: u8 } impl Own { fn method(&self) -> u8 { self.field } }")
        .ok();
    for (code, there, not_there) in [
        (
            "let v = vec![1];\nv.‸",
            &["len", "push", "iter"][..],
            &["buf"][..],
        ),
        (
            "let m = std::sync::Mutex::new(1); m.‸",
            &["lock", "into_inner"],
            &["inner", "poison", "data"],
        ),
        (
            "let s = String::new(); s.‸",
            &["push_str", "chars"],
            &["vec"],
        ),
        ("String::‸", &["new", "from_utf8"], &["into_chars"]),
        (
            "let q = support::processes::Queue::<u8>::new(3); q.‸",
            &["send", "recv"],
            &["ring", "items"],
        ),
        (
            "let t = support::timeline::Trace::new(); t.‸",
            &["lane", "sleep"],
            &["shared"],
        ),
        (
            "let (s, r) = support::crossbeam::channel::unbounded::<u8>(); r.‸",
            &["recv", "try_recv"],
            &["flavor"],
        ),
        // The reader's own are theirs, those of this cell too.
        (
            "let own = Own { field: 1 }; own.‸",
            &["field", "method"],
            &[],
        ),
        (
            "mod m { pub struct Of { pub shown: u8, hidden: u8 } }\nlet of: m::Of = todo!(); of.‸",
            &["shown"],
            &[],
        ),
        (
            "struct Here { here: u8 }\nlet h = Here { here: 1 }; h.‸",
            &["here"],
            &[],
        ),
    ] {
        let offered = offered(&mut kernel, code);
        for name in there {
            assert!(
                offered.iter().any(|it| it == name),
                "{code}: no {name} in {offered:?}"
            );
        }
        for name in not_there {
            assert!(
                !offered.iter().any(|it| it == name),
                "{code}: {name} in {offered:?}"
            );
        }
    }
    // Types follow from what is private, and from functions' bodies.
    for (code, result) in [
        (
            "let squares = (1..4).map(|n| n * n).collect::<Vec<u8>>(); let first = squares.first().copied();",
            "",
        ),
        (
            "let bytes = [0u8; std::mem::size_of::<u64>()]; let shown = bytes.map(|byte| byte + 1);",
            "",
        ),
        (
            "let words: Vec<_> = \"a b\".split(' ').map(str::to_owned).collect(); let longest = words.iter().map(String::len).max();",
            "",
        ),
        (
            "format!(\"{first:?} {} {longest:?}\", shown.len())",
            "\"Some(1) 8 Some(1)\"",
        ),
    ] {
        assert_eq!(kernel.run(code).ok().text(), result, "{code}");
    }
    kernel.give_back();
}
