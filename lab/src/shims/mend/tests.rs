use super::*;
use crate::stock::program;

/// A kernel's folder, in which programs are mended and nothing is compiled.
struct Session {
    folder: tempfile::TempDir,
    paths: Paths,
}

const RUN: &str = "#[unsafe(no_mangle)]\npub extern \"C\" fn run_user_code_1(\nevcxr_variable_store: *mut u8) -> *mut u8 {\nevcxr_variable_store\n}\n";

impl Session {
    fn new() -> Session {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir_all(folder.path().join("build/src")).expect("a writable folder");
        let paths = Paths::of_kernel(folder.path().to_owned());
        Session { folder, paths }
    }

    /// The text that is compiled for these items, of which `cell` was typed now.
    fn mend(&self, items: &str, cell: &str) -> String {
        let program = format!("#![allow(dead_code)]\n{items}{RUN}");
        let source = self.paths.build.join(stock::SOURCE);
        std::fs::write(&source, &program).expect("a writable folder");
        std::fs::write(self.folder.path().join(CELL), cell).expect("a writable folder");
        let mut mended = Mended::of(&self.paths, true).expect("a program");
        mended.mend().expect("a writable folder");
        let text = std::fs::read_to_string(&source).expect("a program");
        let place = |text: &str| {
            text.lines()
                .position(|line| line.contains("fn run_user_code_1("))
        };
        assert_eq!(place(&text), place(&program), "{text}");
        let library = self.folder.path().join("library");
        std::fs::write(&library, "").expect("a writable folder");
        mended.is_made(&library);
        drop(mended);
        let after = std::fs::read_to_string(&source).expect("a program");
        assert_eq!(after, program, "evcxr finds its own text again");
        syn::parse_file(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        text
    }
}

#[test]
fn what_needs_no_mending_stays() {
    let session = Session::new();
    for items in [
        "",
        "use std::fmt;\nfn f() -> &'static str { \"a\" }\n",
        "struct A;\nimpl A {}\n",
        "#[used] static SUPPORT_IS_LOADED: fn() = support::kernel::loaded;\n",
        "this is no Rust static A: u8 = 1;\n",
    ] {
        let program = format!("#![allow(dead_code)]\n{items}{RUN}");
        std::fs::write(session.paths.build.join(stock::SOURCE), &program).expect("writable");
        let mut mended = Mended::of(&session.paths, true).expect("a program");
        mended.mend().expect("a writable folder");
        let text = std::fs::read_to_string(session.paths.build.join(stock::SOURCE));
        assert_eq!(text.expect("a program"), program);
        assert!(mended.arguments().is_empty());
    }
}

#[test]
fn a_static_is_defined_once_and_then_declared() {
    let session = Session::new();
    let item = "/// A count.\npub static N: Wrap<A = u8> =\n    make(1); // so\n";
    let first = session.mend(item, item);
    assert!(
        first.contains(
            "#![allow(dead_code)] #[unsafe(export_name = \"evcxr_static_0_N\")] \n/// A count."
        ),
        "{first}"
    );
    let second = session.mend(item, "N");
    assert!(
        second.contains("/// A count.\npub safe static N: Wrap<A = u8> \n; } // so\n"),
        "{second}"
    );
    assert!(
        second.contains("#[link_name = \"evcxr_static_0_N\"]"),
        "{second}"
    );
    // Where its cell is run again, and where it is another.
    let third = session.mend(item, item);
    assert!(third.contains("evcxr_static_1_N\")]"), "{third}");
    let fourth = session.mend(&item.replace('1', "2"), "N");
    assert!(
        fourth.contains("export_name = \"evcxr_static_2_N\""),
        "{fourth}"
    );
}

#[test]
fn references_in_a_statics_type_get_their_lifetime() {
    let session = Session::new();
    let item = "static T: (&str, &[&'static u8], fn(&str) -> &str) = f();\n";
    session.mend(item, item);
    let text = session.mend(item, "");
    assert!(
        text.contains("(&'static str, &'static [&'static u8], fn(&str) -> &str)"),
        "{text}"
    );
}

#[test]
fn a_thread_local_is_declared_by_its_key() {
    let session = Session::new();
    let item = "fn f() {\n    thread_local! {\n        static A: Cell<u8> = const { Cell::new(1) };\n        static B: &str = g()\n    }\n    A.get()\n}\n";
    let first = session.mend(item, item);
    assert!(
        first.contains("static evcxr_static_1_B: ::std::thread::LocalKey<&str> = B;\n"),
        "{first}"
    );
    let second = session.mend(item, "f()");
    assert!(!second.contains("thread_local"), "{second}");
    assert!(
        second.contains("safe static A: ::std::thread::LocalKey<Cell<u8>> ;"),
        "{second}"
    );
    assert!(
        second.contains("safe static B: ::std::thread::LocalKey<&'static str> ;"),
        "{second}"
    );
}

#[test]
fn macros_arguments_and_other_peoples_statics_stay() {
    let session = Session::new();
    let items = "lazy! { static OWN: u8 = 1; }\n#[used] static A: u8 = 1;\n#[unsafe(no_mangle)] static B: u8 = 1;\nfn f(t: &'static str) {}\n";
    let text = session.mend(items, items);
    assert!(!text.contains("export_name"), "{text}");
}

#[test]
fn of_two_impls_the_cells_own_holds_and_then_stays() {
    let session = Session::new();
    let (old, new) = (
        "impl T for P { fn a() { 1 } }",
        "impl T for P { fn a() { 2 } }",
    );
    let both = format!("{old}\n{new}\n");
    let text = session.mend(&both, new);
    assert!(text.contains(new) && !text.contains(old), "{text}");
    let text = session.mend(&both, old);
    assert!(text.contains(old) && !text.contains(new), "{text}");
    let text = session.mend(&both, "another cell");
    assert!(text.contains(old) && !text.contains(new), "{text}");
    let text = session.mend(&both, "");
    assert!(text.contains(new) && !text.contains(old), "{text}");
    let text = session.mend(&format!("{old}\n{old}\n"), &format!("{old}\n{old}\n"));
    assert_eq!(text.matches(old).count(), 2, "{text}");
}

#[test]
fn methods_of_the_same_name_go_and_others_stay() {
    let session = Session::new();
    let (old, new) = (
        "impl P {\n    fn a() { 1 }\n    fn b() { 1 }\n}",
        "impl P { fn a() { 2 } }",
    );
    let text = session.mend(&format!("{old}\n{new}\n"), new);
    assert!(
        text.contains("impl P {\n    \n    fn b() { 1 }\n}"),
        "{text}"
    );
    assert!(text.contains(new), "{text}");
}

#[test]
fn macros_are_named_by_path_but_for_those_that_are_anyway() {
    let session = Session::new();
    let items = "fn f() { a!() }\nmacro_rules! a { () => {} }\n#[macro_export] macro_rules! b { () => {} }\n";
    assert!(session.mend(items, "").ends_with("\npub(crate) use {a};\n"));
}

#[test]
fn evcxr_s_runtime_is_that_of_support_where_that_is_loaded() {
    let session = Session::new();
    let loaded = "#[used] static SUPPORT_IS_LOADED: fn() = support::kernel::loaded;\n";
    let items = [loaded, program::RUNTIME].concat();
    let text = session.mend(&items, "");
    assert!(
        text.contains("\nuse support::kernel::store as evcxr_internal_runtime;\n"),
        "{text}"
    );
    assert!(!text.contains("struct VariableStore"), "{text}");
    // Another than the one that is known, and one without `support`, stay.
    for items in [
        program::RUNTIME.to_owned(),
        items.replace("gone missing", "gone"),
    ] {
        let text = session.mend(&items, "");
        assert!(text.contains("struct VariableStore"), "{text}");
    }
}
