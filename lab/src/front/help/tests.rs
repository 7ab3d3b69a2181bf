use super::*;

/// A request with the cursor where `‸` stands.
fn request(code: &str) -> Value {
    let (before, _) = code.split_once('‸').expect("a cursor");
    let cursor = before.chars().count();
    json!({"code": code.replacen('‸', "", 1), "cursor_pos": cursor, "detail_level": 0})
}

#[test]
fn a_name_is_asked_for_from_anywhere_in_it() {
    let asked = |code: &str| {
        let content = inspection(&request(code))?;
        let text = content["code"].as_str().unwrap().to_owned();
        assert_eq!(content["cursor_pos"], text.chars().count(), "{code}");
        Some(text)
    };
    for (code, text) in [
        ("thr‸ead::spawn(|| 1)", "thread"),
        ("‸thread::spawn(|| 1)", "thread"),
        ("thread::spa‸wn(|| 1)", "thread::spawn"),
        ("prin‸tln!(\"{}\", 1)", "println"),
        ("world.it‸er().map(|n| n)", "world.iter("),
        // In a call, of what is called.
        ("thread::spawn(‸)", "thread::spawn"),
        ("assert_eq!(1, ‸)", "assert_eq"),
        ("f(1 + (2‸", "f"),
        // Within macro calls.
        ("println!(\"{}\", wor‸ld.len())", "               world"),
        ("std::print!(\"{}\", f(world‸", "                  f(world"),
        ("println!(\"{wor‸ld:?}\")", "           world"),
        ("println!(\"a {x} {wor‸ld}\")", "                 world"),
        ("if ok { vec![wor‸ld] }", "if ok {      world"),
        ("println!(\"{}\", 1); worl‸d", "println!(\"{}\", 1); world"),
        // Behind what is seen as one character.
        ("let s = \"👩‍👩‍👧🇫🇷\"; s.le‸n()", "let s = \"👩‍👩‍👧🇫🇷\"; s.len("),
    ] {
        assert_eq!(asked(code).as_deref(), Some(text), "{code}");
    }
    for code in [
        "‸",
        "1 + ‸2",
        "println!(\"wor‸ld\");",
        "\"{{wor‸ld}}\"",
        "let x = ‸;",
    ] {
        let text = asked(code);
        assert!(
            text.is_none() || text.as_deref() == Some("println"),
            "{code}: {text:?}"
        );
    }
}

#[test]
fn a_text_is_closed_behind_the_cursor() {
    for (code, text) in [
        ("println!(\"{}\", wor‸", "               wor"),
        ("println!(\"{wor‸", "println!(\"{wor}\")"),
        (
            "println!(\"{}\", wor‸\nlet x = \"a\";",
            "               wor",
        ),
        (
            "println!(\"{wor‸\nlet x = \"a\";",
            "println!(\"{wor}\")\nlet x = \"a\";",
        ),
        ("if ok {\n    f(vec![wor‸\n}", "if ok {\n    f(     wor)}"),
        ("if ok {\n    f(wor‸", "if ok {\n    f(wor)}"),
        ("f(r#\"{a‸", "f(r#\"{a}\"#)"),
        // What is closed is left as it is.
        ("thread::sp‸awn(|| 1)", "thread::spawn(|| 1)"),
        (
            "let s = \"👩‍👩‍👧é\"; // 🦀\r\ns.le‸",
            "let s = \"xxxxxx\"; // x \ns.le",
        ),
    ] {
        let asked = request(code);
        let content = completion(&asked).unwrap();
        assert_eq!(content["code"], text, "{code}");
        assert_eq!(content["cursor_pos"], asked["cursor_pos"], "{code}");
    }
}

#[test]
fn documentation_in_the_first_column_is_kept() {
    let sent = |code: &str| Some(documented(&json!({"code": code}))?["code"].clone());
    assert_eq!(
        sent("// A note.\n/// Adds one.\n///\n\npub fn f() {}\n/// x\nfn g() {}").unwrap(),
        "// A note.\n /// Adds one.\n ///\n\npub fn f() {}\n/// x\nfn g() {}"
    );
    assert_eq!(
        sent("/// A\nmacro_rules! m { () => {} }").unwrap(),
        " /// A\nmacro_rules! m { () => {} }"
    );
    // evcxr has always let these be.
    for code in [
        "/// A\nlet x = 1;",
        "/// A",
        "// A\nfn f() {}",
        "/// A\n:dep x",
        "",
    ] {
        assert_eq!(sent(code), None, "{code}");
    }
}

#[test]
fn crates_are_offered_behind_use_and_dep() {
    let mut history = History::default();
    history.add(1, ":dep rand-core = \"0.9\"\nuse std::thread;");
    let mut content = json!({"status": "ok", "matches": ["rayon"], "cursor_start": 4, "cursor_end": 5, "metadata": {}});
    add_crates(&mut content, &request("use r‸"), &history);
    assert_eq!(content["matches"], json!(["rayon", "rand_core"]));
    assert_eq!(content["cursor_start"], 4);
    let mut content = json!({"status": "ok", "matches": [], "cursor_start": 5, "cursor_end": 5});
    add_crates(&mut content, &request("let a = 1;\nuse s‸"), &history);
    assert_eq!(content["matches"], json!(["std", "support"]));
    assert_eq!(
        (&content["cursor_start"], &content["cursor_end"]),
        (&json!(15), &json!(16))
    );
    for code in ["use std::s‸", "s‸", "let user = s‸"] {
        let mut content = json!({"matches": []});
        add_crates(&mut content, &request(code), &history);
        assert_eq!(content["matches"], json!([]), "{code}");
    }

    let cache = tempfile::tempdir().unwrap();
    let registry = cache.path().join("index.crates.io-1949cf8c6b5b557f");
    std::fs::create_dir(&registry).unwrap();
    for file in [
        "serde-1.0.9.crate",
        "serde-1.0.228.crate",
        "serde_json-1.0.1-rc.1.crate",
        "sha-1-0.10.1.crate",
        "slow-0.0.3.crate",
    ] {
        std::fs::write(registry.join(file), "").unwrap();
    }
    let asked = dependencies_in(&request(":dep s‸"), cache.path()).unwrap();
    assert_eq!(
        asked["matches"],
        json!(["serde = \"1\"", "sha-1 = \"0.10\"", "slow = \"0.0.3\""])
    );
    assert_eq!(
        (&asked["cursor_start"], &asked["cursor_end"]),
        (&json!(5), &json!(6))
    );
    assert!(dependencies_in(&request("use s‸"), cache.path()).is_none());
}
