//! As a learner does it: JupyterLab in a browser. The pictures that are taken are in target/browser/.

use end_to_end::processes::{Guard, MARK, wait_until, with_variable};
use end_to_end::{books, repository};
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Once;
use std::time::{Duration, Instant};

const TOKEN: &str = "token-of-this-test";
/// A whole notebook, on a machine that does other things too.
const RUN_ALL: Duration = Duration::from_secs(240);
/// One cell, or what the page does by itself.
const CELL: Duration = Duration::from_secs(180);

#[test]
fn run_all_cells_of_02_fork_in_jupyterlab() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    copy_without_outputs(
        &repository().join("notebooks/02-fork.ipynb"),
        &folder.path().join("02-fork.ipynb"),
    );
    let cells = in_jupyterlab(folder.path(), "02-fork.ipynb", look);
    let numbers: Vec<_> = cells
        .iter()
        .map(|cell| cell["number"].as_u64().unwrap_or(0))
        .collect();
    assert!(
        numbers.len() > 10 && numbers.iter().all(|number| *number > 0),
        "every cell ends numbered: {numbers:?}"
    );
    let sizes: Vec<_> = cells
        .iter()
        .flat_map(|cell| cell["pictures"].as_array().cloned().unwrap_or_default())
        .collect();
    assert!(sizes.len() >= 2, "there are pictures: {sizes:?}");
    let count = sizes.len();
    assert!(
        have_sizes(&Value::Array(sizes), count),
        "each picture has a size"
    );
    assert!(
        cells.iter().all(|cell| cell["failed"] == false),
        "no cell failed: {cells:?}"
    );
}

/// What a learner meets when cells fail, and what moves while they run.
const LIVELY: [&str; 8] = [
    "use support::prelude::*;\nfn kept() -> i32 { 6 * 7 }",
    "let trace = Trace::new();\ntrace.in_span(\"first\", || ());\ndisplay::show(&trace.timeline().title(\"one\"));\ntrace.in_span(\"second\", || ());\ndisplay::show(&trace.timeline().title(\"two\"));",
    // Each step waits for a file, which the test makes when it has seen the step before.
    "let bar = progress::bar(3).label(\"steps\");\nfor step in [\"step-1\", \"step-2\", \"step-3\"] {\n    while !std::path::Path::new(step).exists() {\n        bar.inc(0);\n        thread::sleep(Duration::from_millis(10));\n    }\n    bar.inc(1);\n}\nbar.finish();",
    "fn third(numbers: &[i32]) -> i32 {\n    numbers[3]\n}\n\nlet numbers = vec![1, 2, 3];\nprintln!(\"{}\", third(&numbers));",
    "println!(\"after the failure\");",
    "let numbers = vec![1, 2, 3];\nlet moved = thread::spawn(|| println!(\"{numbers:?}\"));\nmoved.join().unwrap();",
    "println!(\"busy\");\nloop {\n    std::hint::spin_loop();\n}",
    "println!(\"kept: {}\", kept());",
];
const PICTURES: usize = 1;
const BAR: usize = 2;
const PANIC: usize = 3;
const COMPILER: usize = 5;
const BUSY: usize = 6;
const AFTER: usize = 7;

#[test]
fn failures_interrupts_and_live_output_in_jupyterlab() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cells = LIVELY.map(|code| (code, &[] as &[&str]));
    books::write(folder.path(), "lively.ipynb", &cells);
    let step = |number| std::fs::write(folder.path().join(format!("step-{number}")), "");
    in_jupyterlab(folder.path(), "lively.ipynb", async |browser| {
        menu(browser, "Run", "Run All Cells").await?;
        // The bar moves.
        let mut seen = Vec::new();
        for number in 0..3 {
            says(browser, BAR, &format!("{number}/3")).await?;
            show(browser, BAR, &format!("bar-{number}")).await?;
            seen.push(facts(browser, BAR).await?["text"].to_string());
            step(number + 1).map_err(|error| error.to_string())?;
        }
        seen.dedup();
        assert_eq!(seen.len(), 3, "the bar's texts differ: {seen:?}");
        // Run All stops at the panic.
        says(browser, PANIC, "panic: index out of bounds").await?;
        let idle = "return lab().sessionContext.session.kernel.status === 'idle'";
        until(browser, "the kernel is idle", CELL, idle).await?;
        let bar = facts(browser, BAR).await?;
        let text = bar["text"].as_str().unwrap_or_default();
        assert!(text.contains("3/3 in "), "the finished line: {bar}");
        assert_eq!(
            (text.trim().lines().count(), &bar["outputs"]),
            (1, &json!(1)),
            "{bar}"
        );
        let mut numbers = Vec::new();
        for cell in PANIC + 1..LIVELY.len() {
            let behind = facts(browser, cell).await?;
            assert_eq!(behind["outputs"], 0, "{behind}");
            numbers.push(behind["number"].clone());
        }
        // Both pictures are there.
        show(browser, PICTURES, "two-pictures").await?;
        let pictures = facts(browser, PICTURES).await?["pictures"].clone();
        assert!(
            have_sizes(&pictures, 2),
            "two pictures with a size: {pictures}"
        );
        // A compile error names its cell, as the page counts it.
        run(browser, COMPILER).await?;
        says(browser, COMPILER, "error[E0373]").await?;
        // The interrupt.
        run(browser, BUSY).await?;
        says(browser, BUSY, "busy").await?;
        menu(browser, "Kernel", "Interrupt Kernel").await?;
        says(browser, BUSY, "Interrupted").await?;
        until(browser, "the kernel is idle", CELL, idle).await?;
        run(browser, AFTER).await?;
        says(browser, AFTER, "kept: 42").await?;
        until(browser, "the kernel is idle", CELL, idle).await?;
        assert_eq!(
            facts(browser, AFTER).await?["number"],
            7,
            "seven cells have run"
        );
        for (theme, name) in [("JupyterLab Light", "light"), ("JupyterLab Dark", "dark")] {
            let script = format!(
                "return jupyterapp.commands.execute('apputils:change-theme', {{ theme: '{theme}' }}).then(() => true)"
            );
            ask(browser, &script).await?;
            let applied = format!("return document.body.dataset.jpThemeName === '{theme}'");
            until(browser, "the theme is applied", CELL, &applied).await?;
            for (cell, what) in [
                (BAR, "bar"),
                (PANIC, "panic"),
                (COMPILER, "compiler"),
                (BUSY, "interrupt"),
                (PICTURES, "pictures"),
            ] {
                show(browser, cell, &format!("{what}-{name}")).await?;
            }
        }
        // Looked at last, so that a failure here leaves the pictures to look at.
        assert!(
            numbers.iter().all(Value::is_null),
            "cells that did not run bear no number: {numbers:?}"
        );
        Ok(())
    });
}

/// Of a status that is seen, how many milliseconds of it are only a message under way.
const UNDER_WAY: f64 = 700.0;

#[test]
fn a_kernel_that_starts_is_busy_as_long_as_cells_wait_for_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cells: [(&str, &[&str]); 2] = [("let one = 1;", &[]), ("one + 1", &[])];
    books::write(folder.path(), "starts.ipynb", &cells);
    in_jupyterlab(folder.path(), "starts.ipynb", async |browser| {
        for start in ["changeKernel({ name: 'rust' })", "restartKernel()"] {
            // While a cell bears its star: each status that the page shows, and for how long it does.
            let script = format!(
                "window.shown = {{}};
                 window.started = null;
                 code().forEach(cell => cell.model.outputs.clear());
                 const waits = () => code().some(cell => cell.model.executionState === 'running');
                 let last = performance.now();
                 window.watch = setInterval(() => {{
                     const [now, status] = [performance.now(), lab().sessionContext.kernelDisplayStatus];
                     if (waits()) {{
                         window.started = true;
                         shown[status] = (shown[status] ?? 0) + now - last;
                     }}
                     last = now;
                 }}, 20);
                 lab().sessionContext.{start}.then(() => jupyterapp.commands.execute('notebook:run-all-cells'));
                 return true"
            );
            ask(browser, &script).await?;
            until(
                browser,
                "the cells wait",
                CELL,
                "return window.started === true",
            )
            .await?;
            says(browser, 1, "2").await?;
            let shown = ask(browser, "clearInterval(watch); return shown").await?;
            println!("{start}: {shown}");
            let idle = shown["idle"].as_f64().unwrap_or(0.0);
            assert!(idle < UNDER_WAY, "{start}: idle while cells wait: {shown}");
            assert!(shown["busy"].as_f64() > Some(0.0), "{start}: {shown}");
        }
        Ok(())
    });
}

/// A figure of two spans, one after the other.
const TOUCHED: [&str; 2] = [
    "use support::prelude::*;\nlet trace = Trace::new();\nfor name in [\"first\", \"second\"] {\n    trace.in_span(name, || thread::sleep(Duration::from_millis(20)));\n}",
    "trace.timeline().title(\"Two spans\")",
];
const TOUCHABLE: usize = 1;

#[test]
fn a_figure_is_touched_in_jupyterlab() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cells = TOUCHED.map(|code| (code, &[] as &[&str]));
    books::write(folder.path(), "touched.ipynb", &cells);
    in_jupyterlab(folder.path(), "touched.ipynb", async |browser| {
        menu(browser, "Run", "Run All Cells").await?;
        let drawn =
            format!("return code()[{TOUCHABLE}].node.querySelector('[data-alive] svg') !== null");
        until(browser, "the figure is alive", CELL, &drawn).await?;
        into_view(browser, TOUCHABLE).await?;
        // A third and two thirds of the way through its time.
        touch(browser, "pointermove", 0.4, "").await?;
        says(browser, TOUCHABLE, "first: from 0, lasts 2").await?;
        touch(browser, "pointermove", 0.8, "").await?;
        says(browser, TOUCHABLE, "second: from 2").await?;
        says(browser, TOUCHABLE, "pid ").await?;
        // Zoomed in on the second, one can read how long a moment is; and back.
        touch(browser, "wheel", 0.8, "deltaY: -400, ctrlKey: true").await?;
        touch(browser, "pointermove", 0.5, "").await?;
        says(browser, TOUCHABLE, "second: from 2").await?;
        show(browser, TOUCHABLE, "touched-zoomed").await?;
        touch(browser, "dblclick", 0.5, "").await?;
        touch(browser, "pointermove", 0.3, "").await?;
        says(browser, TOUCHABLE, "first: from 0").await?;
        // From bar to bar by the keys, and the distance of two moments.
        let key = format!(
            "const svg = code()[{TOUCHABLE}].node.querySelector('[data-alive] svg');
             for (const key of ['ArrowDown', 'ArrowDown']) svg.dispatchEvent(new KeyboardEvent('keydown', {{ key, bubbles: true, cancelable: true }}));
             return true"
        );
        ask(browser, &key).await?;
        says(browser, TOUCHABLE, "second: from 2").await?;
        for part in [0.25, 0.75] {
            for event in ["pointerdown", "pointerup"] {
                touch(browser, event, part, "shiftKey: true").await?;
            }
        }
        says(browser, TOUCHABLE, "between the marks: ").await?;
        show(browser, TOUCHABLE, "touched").await?;
        // On a dark page it is dark.
        let dark = format!(
            "const box = code()[{TOUCHABLE}].node.querySelector('[data-alive]');
             box.parentElement.style.background = '#111111';
             document.body.dataset.looked = 'again';
             return true"
        );
        ask(browser, &dark).await?;
        let ground = format!(
            "const ground = code()[{TOUCHABLE}].node.querySelector('[data-alive] svg rect');
             return getComputedStyle(ground).fill === 'rgb(28, 31, 36)'"
        );
        until(browser, "the figure is dark", CELL, &ground).await?;
        show(browser, TOUCHABLE, "touched-dark").await
    });
}

/// An event of a pointer over the first lane of the figure, so far along its time.
async fn touch(browser: &Client, event: &str, part: f64, more: &str) -> Result<(), String> {
    let script = format!(
        "const box = code()[{TOUCHABLE}].node.querySelector('[data-alive]'), svg = box.querySelector('svg');
         const {{ x, lanes }} = JSON.parse(box.dataset.figure).parts[0];
         const point = new DOMPoint(x[0] + {part} * (x[1] - x[0]), lanes[0].middle).matrixTransform(svg.getScreenCTM());
         const kind = {{ wheel: WheelEvent, dblclick: MouseEvent }}['{event}'] ?? PointerEvent;
         svg.dispatchEvent(new kind('{event}', {{ clientX: point.x, clientY: point.y, bubbles: true, cancelable: true, {more} }}));
         return true"
    );
    ask(browser, &script).await.map(drop)
}

/// As a newcomer opens it: nobody has run it here, and nobody has said that it is to be trusted.
#[test]
fn saved_pictures_are_seen_in_a_notebook_that_nobody_trusts() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let saved = repository().join("notebooks/02-fork.ipynb");
    std::fs::copy(&saved, folder.path().join("02-fork.ipynb")).expect("a writable folder");
    let book: Value =
        serde_json::from_slice(&std::fs::read(&saved).expect("the notebook")).expect("JSON");
    let outputs = book["cells"].as_array().into_iter().flatten();
    let outputs = outputs.flat_map(|cell| cell["outputs"].as_array().into_iter().flatten());
    let wanted = outputs
        .filter(|output| output["data"]["image/svg+xml"].is_array())
        .count();
    in_jupyterlab(folder.path(), "02-fork.ipynb", async |browser| {
        for (wide, name) in [(1200, "saved"), (1920, "saved-wide"), (500, "saved-narrow")] {
            browser
                .set_window_size(wide, 1000)
                .await
                .map_err(|error| error.to_string())?;
            let mut sizes = Vec::new();
            let count = ask(browser, "return code().length").await?;
            for cell in 0..count.as_u64().unwrap_or(0) as usize {
                show(browser, cell, &format!("{name}-{cell}")).await?;
                let seen = format!(
                    "return [...code()[{cell}].node.querySelectorAll('.jp-OutputArea-output img')].map(image => {{
                         const box = image.getBoundingClientRect();
                         const tips = [...image.parentElement.querySelectorAll('span[title]')].map(tip => tip.getBoundingClientRect());
                         const inside = tips.filter(tip => tip.width > 0 && tip.left >= box.left && tip.right <= box.right + 3 && tip.top > box.top && tip.bottom < box.bottom);
                         return [box.width, box.height, image.alt.length, image.naturalWidth, tips.length, inside.length];
                     }})"
                );
                let seen = ask(browser, &seen).await?;
                sizes.extend(seen.as_array().cloned().unwrap_or_default());
            }
            assert_eq!(sizes.len(), wanted, "{name}: {sizes:?}");
            for size in &sizes {
                let [width, _, alt, natural, tips, inside] =
                    [0, 1, 2, 3, 4, 5].map(|at| size[at].as_f64().unwrap_or(0.0));
                // Never blown up, and never too small to be read.
                assert_eq!(width, natural, "{name}: {size}");
                // Its longest bars say what they are.
                assert!(tips > 0.0 && inside == tips, "{name}: {size}");
                assert!(alt > 20.0, "{name}: {size}");
            }
        }
        Ok(())
    });
}

/// A link to a cell by its id, far above it.
#[test]
fn a_learner_sees_lessons_and_a_link_leads_to_its_cell() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cells = [("let filler = 1;\n\n\n\n\n\n\n\n\n\nfiller", &[] as &[&str]); 30];
    let path = books::write(folder.path(), "linked.ipynb", &cells);
    let text = std::fs::read(&path).expect("a notebook");
    let mut book: Value = serde_json::from_slice(&text).expect("JSON");
    book["cells"][2] = json!({
        "cell_type": "markdown", "id": "try-it", "metadata": {},
        "source": "1. In [`cell-25`](#cell-id=cell-25) change a number.",
    });
    std::fs::write(&path, book.to_string()).expect("a writable folder");
    std::fs::write(folder.path().join("evcxr.toml"), "").expect("a writable folder");
    in_jupyterlab(folder.path(), "linked.ipynb", async |browser| {
        let link = "return document.querySelector('.jp-MarkdownOutput a[href*=\"cell-id=cell-25\"]')?.click() !== null";
        let seen = "const cell = lab().content.widgets.find(cell => cell.model.id === 'cell-25');
                    const box = cell.node.getBoundingClientRect();
                    return cell.isAttached && box.height > 0 && box.top >= 0 && box.bottom <= window.innerHeight";
        assert_eq!(ask(browser, seen).await?, false, "it is far below");
        ask(browser, link).await?;
        until(browser, "the cell is in view", CELL, seen).await?;
        save_picture(browser, "linked.png").await;
        let noise = "const text = document.body.innerText;
                     return ['evcxr.toml', 'Nbgrader', 'Create Assignment'].filter(word => text.includes(word))";
        assert_eq!(ask(browser, noise).await?, json!([]));
        // Its own picture, not the letter of another language.
        let launcher = "return jupyterapp.commands.execute('launcher:create').then(() => true)";
        ask(browser, launcher).await?;
        let logo = "return [...document.querySelectorAll('.jp-LauncherCard')].some(card =>
                        card.innerText.includes('Rust') && card.querySelector('img')?.naturalWidth > 0)";
        until(browser, "the launcher shows the logo", CELL, logo).await?;
        save_picture(browser, "launcher.png").await;
        Ok(())
    });
}

/// Every notebook is opened and closed again, as by somebody who reads: what git keeps stays as it is.
#[test]
fn looking_at_notebooks_changes_none() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let notebooks = repository().join("notebooks");
    let files = |root: &Path| -> BTreeMap<PathBuf, Vec<u8>> {
        let found = ["*.ipynb", "assignments/source/*/*.ipynb"].iter();
        let found = found.flat_map(|pattern| {
            let pattern = root.join(pattern);
            glob::glob(&pattern.to_string_lossy()).expect("a pattern")
        });
        let read = |path: PathBuf| {
            let bytes = std::fs::read(&path).expect("a notebook");
            (path.strip_prefix(root).expect("below").to_owned(), bytes)
        };
        found.flatten().map(read).collect()
    };
    let before = files(&notebooks);
    for (path, bytes) in &before {
        let copy = folder.path().join(path);
        std::fs::create_dir_all(copy.parent().expect("a folder")).expect("a writable folder");
        std::fs::write(copy, bytes).expect("a writable folder");
    }
    let first = before.keys().next().expect("a notebook").to_string_lossy();
    in_jupyterlab(folder.path(), &first, async |browser| {
        for path in before.keys() {
            let script = format!(
                "return (async () => {{
                     const widget = await jupyterapp.commands.execute('docmanager:open', {{ path: {} }});
                     const {{ model, sessionContext }} = widget.context;
                     await sessionContext.ready;
                     await sessionContext.session.kernel.info;
                     await widget.content.fullyRendered;
                     // The page has had its say on what the kernel said.
                     await new Promise(resolve => setTimeout(resolve));
                     const changed = model.dirty;
                     await sessionContext.shutdown();
                     widget.close();
                     // What is taken for changed asks before it is closed.
                     const asked = () => document.querySelector('.jp-Dialog') !== null;
                     while (!widget.isDisposed && !asked()) await new Promise(resolve => setTimeout(resolve, 10));
                     return [changed, asked()];
                 }})()",
                json!(path.to_string_lossy())
            );
            let seen = ask(browser, &script).await?;
            if seen != json!([false, false]) {
                save_picture(browser, "looked-at.png").await;
                return Err(format!("{} is taken for changed: {seen}", path.display()));
            }
        }
        Ok(())
    });
    assert!(files(folder.path()) == before, "a notebook was written");
}

#[test]
fn the_course_s_table_is_what_one_sees_first() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mark = folder.path().to_string_lossy().into_owned();
    install_browser();
    let (lab, address) = open_lab(None, &mark);
    let (driver, port) = start_driver(&mark);
    let processes = Ended::with(vec![driver, lab], &mark);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let done = runtime.block_on(async {
        let browser = connect(port, folder.path()).await;
        let address = format!("{address}/?token={TOKEN}");
        let done = match browser.goto(&address).await {
            Ok(()) => until(
                &browser,
                "the course is shown as a page with a table",
                CELL,
                "return [...document.querySelectorAll('.jp-MarkdownViewer table a')].some(link => link.textContent === '01-tasks')",
            )
            .await,
            Err(error) => Err(error.to_string()),
        };
        save_picture(&browser, "course.png").await;
        let _ = browser.close().await;
        done
    });
    drop(processes);
    done.expect("the browser shows the course");
}

/// A lost update, found and shown as a figure through which one steps.
const STEPS: [&str; 3] = [
    "use support::prelude::*;\nuse support::interleavings::{sync::atomic::{AtomicU32, Ordering::SeqCst}, thread};",
    "fn lost() {\n    let balance = AtomicU32::named(\"balance\", 0);\n    let deposit = || balance.store(balance.load(SeqCst) + 1, SeqCst);\n    thread::scope(|scope| {\n        scope.spawn_named(\"left\", deposit);\n        scope.spawn_named(\"right\", deposit);\n    });\n    assert!(balance.into_inner() == 2, \"a deposit is lost\");\n}",
    "interleavings::all(lost).failure().unwrap().step_through()",
];
const FIGURE: usize = 2;

#[test]
fn a_schedule_is_stepped_through_in_jupyterlab() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cells = STEPS.map(|code| (code, &[] as &[&str]));
    books::write(folder.path(), "steps.ipynb", &cells);
    in_jupyterlab(folder.path(), "steps.ipynb", async |browser| {
        menu(browser, "Run", "Run All Cells").await?;
        says(browser, FIGURE, "Step 4 of 4: left: store balance ← 1").await?;
        // The line of a function of another cell.
        let line = "let deposit = || balance.store(balance.load(SeqCst) + 1, SeqCst);";
        for (key, words) in [
            ("ArrowLeft", "Step 3 of 4: right: store balance ← 1"),
            ("ArrowLeft", "Step 2 of 4"),
            ("Home", "Step 0 of 4: before the first step"),
            ("ArrowRight", "Step 1 of 4: left: load balance → 0"),
        ] {
            press(browser, key).await?;
            says(browser, FIGURE, words).await?;
        }
        says(browser, FIGURE, line).await?;
        show(browser, FIGURE, "steps-live").await?;
        let active = "return lab().content.activeCellIndex";
        let before = ask(browser, active).await?;
        press(browser, "ArrowDown").await?;
        press(browser, "ArrowDown").await?;
        assert_eq!(
            ask(browser, active).await?,
            before,
            "the keys are the figure's"
        );
        // Saved, and opened by somebody who has not trusted it: a picture, with its sentence.
        let output = format!("return code()[{FIGURE}].model.outputs.toJSON()");
        let mut book: Value = serde_json::from_slice(
            &std::fs::read(folder.path().join("steps.ipynb")).expect("the notebook"),
        )
        .expect("JSON");
        book["cells"][FIGURE]["outputs"] = ask(browser, &output).await?;
        let other = folder.path().join("strange.ipynb");
        std::fs::write(other, book.to_string()).expect("a writable folder");
        let open = "return jupyterapp.commands.execute('docmanager:open', { path: 'strange.ipynb' }).then(() => true)";
        ask(browser, open).await?;
        let image = "[...jupyterapp.shell.widgets('main')].find(widget => widget.context?.path === 'strange.ipynb')
                     ?.node.querySelector('.jp-OutputArea img')";
        let there = format!("return {image}?.getBoundingClientRect().width > 300");
        until(browser, "the picture is there", CELL, &there).await?;
        save_picture(browser, "steps-not-trusted.png").await;
        let seen = format!(
            "const image = {image}; return [image.alt, image.closest('.jp-OutputArea').querySelectorAll('input').length]"
        );
        let seen = ask(browser, &seen).await?;
        let alt = seen[0].as_str().unwrap_or_default();
        assert!(alt.starts_with("A schedule of 4 steps"), "{seen}");
        assert_eq!(seen[1], 0, "{seen}");
        Ok(())
    });
}

/// A key, with the figure's slider in focus.
async fn press(browser: &Client, key: &str) -> Result<(), String> {
    let script = format!(
        "const slider = code()[{FIGURE}].node.querySelector('input[type=range]');
         slider.focus();
         slider.dispatchEvent(new KeyboardEvent('keydown', {{ key: '{key}', bubbles: true, cancelable: true }}));
         return true"
    );
    ask(browser, &script).await.map(drop)
}

/// Whether there are so many pictures, each large enough to be seen.
fn have_sizes(pictures: &Value, count: usize) -> bool {
    let pictures = pictures.as_array().map_or(&[][..], Vec::as_slice);
    let side = |picture: &Value, at: usize| picture[at].as_f64().unwrap_or(0.0);
    pictures.len() >= count
        && pictures
            .iter()
            .all(|one| side(one, 0) > 300.0 && side(one, 1) > 60.0)
}

/// Does `work` in a browser with the notebook open in JupyterLab and its kernel ready; checks that
/// nothing is left.
fn in_jupyterlab<T>(
    folder: &Path,
    notebook: &str,
    work: impl AsyncFnOnce(&Client) -> Result<T, String>,
) -> T {
    install_browser();
    let mark = folder.to_string_lossy().into_owned();
    // Settings of its own, that ask for no news.
    let settings = folder.join("settings");
    let apputils = settings.join("@jupyterlab/apputils-extension");
    std::fs::create_dir_all(&apputils).expect("a writable folder");
    let no_news = apputils.join("notification.jupyterlab-settings");
    std::fs::write(
        no_news,
        r#"{"fetchNews": "false", "checkForUpdates": false}"#,
    )
    .expect("a writable folder");
    let (lab, address) = open_lab(Some(folder), &mark);
    let (driver, port) = start_driver(&mark);
    // Ended also when the work panics.
    let processes = Ended::with(vec![driver, lab], &mark);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let done = runtime.block_on(async {
        let browser = connect(port, folder).await;
        let ready = open(
            &browser,
            &format!("{address}/lab/tree/{notebook}?token={TOKEN}"),
        )
        .await;
        let done = match ready {
            Ok(()) => work(&browser).await,
            Err(error) => Err(error),
        };
        let _ = browser.close().await;
        done
    });
    drop(processes);
    let done = done.expect("the notebook runs in the browser");
    // A server that was ended leaves no kernel.
    wait_until("no process is left", || {
        with_variable(MARK, &mark).is_empty()
    });
    done
}

/// The driver and the server, which end with this, also when a test fails; the browser, which its client
/// closes, ends then, too.
pub(crate) struct Ended {
    processes: Vec<Child>,
    _guard: Guard,
}

impl Ended {
    pub fn with(processes: Vec<Child>, mark: &str) -> Ended {
        Ended {
            processes,
            _guard: Guard::of(mark),
        }
    }
}

impl Drop for Ended {
    fn drop(&mut self) {
        for process in &mut self.processes {
            let pid = nix::unistd::Pid::from_raw(process.id() as i32);
            let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM);
            let started = Instant::now();
            while process.try_wait().is_ok_and(|status| status.is_none()) {
                if started.elapsed() > Duration::from_secs(30) {
                    let _ = process.kill();
                }
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    }
}

async fn open(browser: &Client, address: &str) -> Result<(), String> {
    browser
        .goto(address)
        .await
        .map_err(|error| error.to_string())?;
    until(
        browser,
        "the kernel is ready",
        RUN_ALL,
        "return lab()?.sessionContext.session?.kernel?.status === 'idle'",
    )
    .await?;
    // The menus act on the widget that has the focus.
    let cell = browser
        .find(Locator::Css(".jp-NotebookPanel .jp-InputPrompt"))
        .await
        .map_err(|error| error.to_string())?;
    cell.click().await.map_err(|error| error.to_string())?;
    let current = "return jupyterapp.shell.currentWidget === lab()";
    until(browser, "the notebook is current", CELL, current).await
}

/// Picks an item of the menu bar.
async fn menu(browser: &Client, name: &str, item: &str) -> Result<(), String> {
    for text in [name, item] {
        let path = format!(
            "//div[contains(@class,'lm-Menu') and contains(@class,'itemLabel')][text()='{text}']"
        );
        let item = browser
            .wait()
            .at_most(CELL)
            .for_element(Locator::XPath(&path))
            .await
            .map_err(|error| error.to_string())?;
        item.click().await.map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// Runs one cell, without waiting for it.
async fn run(browser: &Client, cell: usize) -> Result<(), String> {
    into_view(browser, cell).await?;
    // A cell that was looked at before may still be selected, and would run too.
    let alone = format!(
        "lab().content.deselectAll();
         lab().content.activeCellIndex = lab().content.widgets.indexOf(code()[{cell}]);
         return lab().content.selectedCells.length === 1 && lab().content.selectedCells[0] === code()[{cell}]"
    );
    until(browser, "the cell alone is selected", CELL, &alone).await?;
    let script = "jupyterapp.commands.execute('notebook:run-cell'); return true";
    ask(browser, script).await.map(drop)
}

/// Waits until a cell's outputs, as the page shows them, contain these words.
async fn says(browser: &Client, cell: usize, words: &str) -> Result<(), String> {
    into_view(browser, cell).await?;
    let script = format!(
        "return [...code()[{cell}].node.querySelectorAll('.jp-OutputArea-output')].some(output => output.innerText.includes({}))",
        json!(words)
    );
    until(
        browser,
        &format!("cell {cell} says {words:?}"),
        CELL,
        &script,
    )
    .await
}

async fn into_view(browser: &Client, cell: usize) -> Result<(), String> {
    let script = format!(
        "const cell = code()[{cell}];
         return (async () => {{ await lab().content.scrollToCell(cell); cell.node.scrollIntoView(); return true }})()"
    );
    ask(browser, &script).await.map(drop)
}

/// Brings a cell into view with its pictures drawn, and saves what the page then looks like.
async fn show(browser: &Client, cell: usize, name: &str) -> Result<(), String> {
    into_view(browser, cell).await?;
    // Pictures are drawn after the cell comes into view.
    let drawn = format!(
        "const cell = code()[{cell}];
         const wanted = cell.model.outputs.toJSON().filter(output => output.data?.['image/svg+xml']).length;
         const drawn = [...cell.node.querySelectorAll('.jp-OutputArea-output img, .jp-OutputArea-output [data-alive] svg')];
         return drawn.length >= wanted && drawn.every(picture => picture.getBoundingClientRect().width > 0)"
    );
    until(browser, "the cell's pictures are drawn", CELL, &drawn).await?;
    save_picture(browser, &format!("{name}.png")).await;
    Ok(())
}

/// What the page shows of a cell: its number, its outputs' count and text, its pictures' sizes.
async fn facts(browser: &Client, cell: usize) -> Result<Value, String> {
    let script = format!(
        "const cell = code()[{cell}];
         const drawn = [...cell.node.querySelectorAll('.jp-OutputArea-output img, .jp-OutputArea-output [data-alive] svg')].map(picture => picture.getBoundingClientRect());
         const expected = (cell.model.getMetadata('tags') ?? []).includes('raises-exception');
         return {{ number: cell.model.executionCount, pictures: drawn.map(box => [box.width, box.height]),
                  outputs: cell.model.outputs.length,
                  text: [...cell.node.querySelectorAll('.jp-OutputArea-output')].map(output => output.innerText.replaceAll('\\n', ' ')).join('\\n'),
                  failed: !expected && cell.model.outputs.toJSON().some(output => output.output_type === 'error') }}"
    );
    ask(browser, &script).await
}

/// Runs the notebook by the menu, and tells what the page then shows of each code cell.
async fn look(browser: &Client) -> Result<Vec<Value>, String> {
    menu(browser, "Run", "Run All Cells").await?;
    let all_done = "return code().every(cell => cell.model.executionCount !== null && cell.model.executionState !== 'running')";
    until(browser, "every cell is numbered", RUN_ALL, all_done).await?;
    let mut cells = Vec::new();
    let count = ask(browser, "return code().length").await?;
    for cell in 0..count.as_u64().unwrap_or(0) as usize {
        show(browser, cell, &format!("02-fork-cell-{cell}")).await?;
        cells.push(facts(browser, cell).await?);
    }
    Ok(cells)
}

/// Runs a script in the page, where `lab()` is the notebook that is open and `code()` its code cells.
async fn ask(browser: &Client, script: &str) -> Result<Value, String> {
    let prelude = "const lab = () => [...window.jupyterapp?.shell?.widgets('main') ?? []].find(widget => widget.sessionContext);
                   const code = () => (lab()?.content?.widgets ?? []).filter(cell => cell.model.type === 'code' && cell.model.sharedModel.getSource().trim());";
    browser
        .execute(&format!("{prelude}\n{script}"), vec![])
        .await
        .map_err(|error| error.to_string())
}

async fn until(browser: &Client, what: &str, limit: Duration, script: &str) -> Result<(), String> {
    let started = Instant::now();
    while ask(browser, script).await.unwrap_or(Value::Null) != true {
        if started.elapsed() > limit {
            save_picture(browser, "failed.png").await;
            return Err(format!(
                "still not so after {} s: {what} (see target/browser/failed.png)",
                limit.as_secs()
            ));
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}

/// What the page looked like, for a person.
pub(crate) async fn save_picture(browser: &Client, name: &str) {
    let folder = repository().join("target/browser");
    let _ = std::fs::create_dir_all(&folder);
    if let Ok(picture) = browser.screenshot().await {
        let _ = std::fs::write(folder.join(name), picture);
    }
}

/// `cargo lab`, on a folder with the notebook in it, or as learners start it. Returns once the server
/// says its address. Settings are below `mark`, the test's folder.
fn open_lab(folder: Option<&Path>, mark: &str) -> (Child, String) {
    let root = folder.map(|folder| format!("--ServerApp.root_dir={}", folder.display()));
    let mut lab = end_to_end::cargo_lab(&[
        "--",
        "--no-browser",
        "--port=8917",
        "--LabApp.expose_app_in_browser=True",
    ])
    .args(root)
    // Where another has this port on one kind of localhost, none of it is taken.
    .args([
        &format!("--IdentityProvider.token={TOKEN}"),
        "--ServerApp.ip=127.0.0.1",
    ])
    .env(MARK, mark)
    .env("JUPYTERLAB_SETTINGS_DIR", Path::new(mark).join("settings"))
    .env(
        "JUPYTERLAB_WORKSPACES_DIR",
        Path::new(mark).join("workspaces"),
    )
    .stderr(Stdio::piped())
    .spawn()
    .expect("JupyterLab starts");
    let mut lines = BufReader::new(lab.stderr.take().expect("a pipe")).lines();
    let address = lines.by_ref().map_while(Result::ok).find_map(|line| {
        let start = line.find("http://")?;
        // Another port than the one asked for, if that was taken.
        let end = line[start..].find("/lab")?;
        Some(line[start..start + end].replace("localhost", "127.0.0.1"))
    });
    // The pipe must not fill up.
    std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
    (lab, address.expect("JupyterLab says its address"))
}

pub(crate) fn start_driver(mark: &str) -> (Child, u16) {
    let mut driver = Command::new("chromedriver")
        .arg("--port=0")
        .env(MARK, mark)
        // Its browser's own files go with the test's.
        .env("TMPDIR", mark)
        .stdout(Stdio::piped())
        .spawn()
        .expect("chromedriver starts");
    let mut lines = BufReader::new(driver.stdout.take().expect("a pipe"))
        .lines()
        .map_while(Result::ok);
    let port = lines.find_map(|line| {
        line.strip_prefix("ChromeDriver was started successfully on port ")?
            .trim_end_matches('.')
            .parse()
            .ok()
    });
    std::thread::spawn(move || lines.for_each(drop));
    (driver, port.expect("chromedriver says its port"))
}

pub(crate) async fn connect(port: u16, profile: &Path) -> Client {
    let options = json!({
        "args": [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--window-size=1200,1000", format!("--user-data-dir={}", profile.join("profile").display()),
        ]
    });
    let capabilities = [("goog:chromeOptions".to_owned(), options)]
        .into_iter()
        .collect();
    let mut builder = ClientBuilder::new(HttpConnector::new());
    builder.capabilities(capabilities);
    builder
        .connect(&format!("http://127.0.0.1:{port}"))
        .await
        .expect("the browser starts")
}

/// Debian's package, where it is missing and this may be done.
///
/// # Panics
/// When there is no browser and none can be installed.
pub(crate) fn install_browser() {
    static BROWSER: Once = Once::new();
    BROWSER.call_once(install_missing_browser);
}

fn install_missing_browser() {
    let found = |name: &str| lab::setup::find_program(name).is_some();
    if !(found("chromium") && found("chromedriver")) {
        eprintln!("Installing chromium for the browser test …");
        for arguments in [
            &["update"][..],
            &[
                "install",
                "-y",
                "--no-install-recommends",
                "chromium",
                "chromium-driver",
            ],
        ] {
            let _ = Command::new("apt-get")
                .args(arguments)
                .env("DEBIAN_FRONTEND", "noninteractive")
                .output();
        }
    }
    assert!(
        found("chromium") && found("chromedriver"),
        "the browser test needs chromium and chromedriver: install them (Debian: apt-get install chromium chromium-driver)"
    );
}

fn copy_without_outputs(from: &Path, to: &Path) {
    let mut book: Value =
        serde_json::from_slice(&std::fs::read(from).expect("the notebook")).expect("JSON");
    for cell in book["cells"].as_array_mut().expect("cells") {
        if cell["cell_type"] == "code" {
            cell["outputs"] = json!([]);
            cell["execution_count"] = Value::Null;
        }
    }
    std::fs::write(to, book.to_string()).expect("a writable folder");
}
