"""Jupyter's own test suite for kernels (jupyter_kernel_test) against the kernelspec `rust`.

`cargo test -p end-to-end --test whole kernel_test` runs it. The tests themselves are written by Jupyter:
here stands only what to send, and why a test is skipped.
"""

import unittest

import jupyter_kernel_test

class RustKernelTests(jupyter_kernel_test.KernelTests):
    kernel_name = "rust"
    language_name = "rust"
    file_extension = ".rs"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # The first cell also compiles the prelude, so it gets more time than the suite gives each.
        reply = cls.kc.execute_interactive(
            "use support::display;\nfn seven_for_this_test() -> i32 { 7 }", timeout=60
        )
        assert reply["content"]["status"] == "ok", reply["content"]

    code_hello_world = 'println!("hello, world");'
    code_stderr = 'eprintln!("to stderr");'

    completion_samples = [
        {"text": "seven_for_th", "matches": ["seven_for_this_test()"]},
        {"text": "7_u32.trailing_ze", "matches": ["trailing_zeros()"]},
        {"text": "no_such_name_anywhere", "matches": []},
    ]

    complete_code_samples = [
        "1 + 1",
        "let x = 5;",
        "fn f() -> i32 {\n    7\n}",
        "let s = \"{ (\";",
        ":vars",
        "// only a comment",
    ]
    incomplete_code_samples = [
        "fn f() {",
        "fn f() -> i32 {\n    7",
        "println!(\"a\",",
        "let s = \"abc",
        "match 3 {",
        "/* a comment",
        "let x =",
    ]
    invalid_code_samples = ["f(])", "}", "let x = (1];"]

    code_generate_error = 'panic!("on purpose")'

    code_execute_result = [
        {"code": "1 + 2 + 3", "result": "6"},
        {"code": "vec![1, 2]", "result": "[1, 2]"},
        {"code": "\"text\".len()", "result": "4"},
        {"code": "std::f64::consts::PI.to_string()", "result": '"3.141592653589793"'},
    ]

    code_display_data = [
        {"code": 'display::text("plain");', "mime": "text/plain"},
        {"code": 'display::html("<b>bold</b>");', "mime": "text/html"},
        {
            "code": 'display::svg(r#"<svg xmlns="http://www.w3.org/2000/svg"><title>t</title></svg>"#);',
            "mime": "image/svg+xml",
        },
        {"code": 'display::png(b"\\x89PNG\\r\\n\\x1a\\n");', "mime": "image/png"},
        {"code": 'display::json(r#"{"a": 1}"#);', "mime": "application/json"},
    ]

    supported_history_operations = ("tail", "range", "search")
    code_history_pattern = "1*3"

    # A function: the variables are gone after the panic of test_error.
    code_inspect_sample = "seven_for_this_test"

    @unittest.skip("a pager is IPython's help window; a Rust cell has nothing that opens one")
    def test_pager(self):
        pass

    @unittest.skip("support replaces a display in place and never clears a cell's output")
    def test_clear_output(self):
        pass


@unittest.skip("iopub_welcome is optional (JEP 65), and the front's plain PUB socket hears of no subscriber")
class RustIopubWelcomeTests(jupyter_kernel_test.IopubWelcomeTests):
    kernel_name = "rust"
