//! The pages, in a browser: each of them, its pictures, its links, and what somebody meets who reads
//! on a phone, in the dark, by keys or by ear. The pages are files: nothing serves them.

use super::browser::{Ended, connect, install_browser, save_picture, start_driver};
use end_to_end::{cargo_lab, commands, repository};
use fantoccini::Client;
use fantoccini::wd::TimeoutConfiguration;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A telephone's width, and one at which both columns beside the text are open.
const WIDTHS: [u32; 2] = [412, 1400];
/// For a page or a script in it.
const PATIENCE: Duration = Duration::from_secs(240);
/// The rules that pages are checked by, with the script that does it.
const AXE: &str = "axe-playwright-python==0.1.8";

#[test]
fn pages() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let site = folder.path().join("site");
    let out = site.to_string_lossy();
    let mut build = cargo_lab(&["site", "--out", &out]);
    let ran = commands::run(
        build.args(["--repository", "https://code.example/me/course"]),
        "",
    );
    assert!(ran.passed, "{}", ran.said);
    let pages = pages_in(&site);
    let lessons = lab::home::Home::at(&repository())
        .and_then(|home| home.files("notebooks", "ipynb"))
        .expect("the lessons");
    for lesson in &lessons {
        let name = Path::new("notebooks").join(lesson.file_name().expect("a name"));
        let page = site.join(name.with_extension("html"));
        assert!(pages.contains(&page), "{} has no page", lesson.display());
    }
    no_page_gives_a_solution_away(&site);
    lessons_alone_are_launched(&site, &pages);
    let axe = axe(folder.path());
    let mark = folder.path().to_string_lossy().into_owned();
    install_browser();
    let (driver, port) = start_driver(&mark);
    let processes = Ended::with(vec![driver], &mark);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let wrong = runtime.block_on(async {
        let browser = connect(port, folder.path()).await;
        // A long page keeps the checker busy for a second; a busy machine makes that thirty.
        let patient = TimeoutConfiguration::new(Some(PATIENCE), Some(PATIENCE), None);
        browser
            .update_timeouts(patient)
            .await
            .expect("the browser waits longer");
        let wrong = look(&browser, &site, &pages, &axe).await;
        let _ = browser.close().await;
        wrong
    });
    drop(processes);
    let wrong = wrong.expect("the browser shows the pages");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is wrong with each page.
async fn look(
    browser: &Client,
    site: &Path,
    pages: &[PathBuf],
    axe: &str,
) -> Result<Vec<String>, String> {
    let mut wrong = Vec::new();
    for (width, theme) in WIDTHS.into_iter().zip(["dark", "light"]) {
        for page in pages {
            let name = page.strip_prefix(site).unwrap_or(page).with_extension("");
            let name = name.to_string_lossy().replace('/', "-");
            // These have all that the others have.
            let narrow_too = ["index", "notebooks-01-tasks"].contains(&&*name);
            open(browser, page, width, theme).await?;
            let seen = ask(browser, FACTS).await?;
            let mut note =
                |what: String| wrong.push(format!("{name}, {width} px, {theme}: {what}"));
            for picture in seen["pictures"].as_array().into_iter().flatten() {
                let side = |side: &str| picture[side].as_f64().unwrap_or_default();
                let words = picture["says"].as_str().unwrap_or_default();
                if side("width") < 200.0 || side("height") < 40.0 || words.len() < 20 {
                    note(format!("a picture without a size or a sentence: {picture}"));
                }
            }
            if seen["wide"] == true {
                note("the page is wider than its window".to_owned());
            }
            for asked in seen["asked"].as_array().into_iter().flatten() {
                note(format!("asks the network for {asked}"));
            }
            if width == WIDTHS[1] {
                links(&seen["links"], site).into_iter().for_each(&mut note);
            }
            if width == WIDTHS[1] || narrow_too {
                for violation in violations(browser, axe).await? {
                    note(violation);
                }
            }
            if narrow_too {
                save_picture(browser, &format!("site-{name}-{width}.png")).await;
            }
        }
    }
    wrong.extend(by_keys(browser, site).await?);
    wrong.extend(search(browser, site).await?);
    Ok(wrong)
}

async fn open(browser: &Client, page: &Path, width: u32, theme: &str) -> Result<(), String> {
    let told = |error: fantoccini::error::CmdError| error.to_string();
    browser.set_window_size(width, 1000).await.map_err(told)?;
    let address = format!("file://{}", page.display());
    browser.goto(&address).await.map_err(told)?;
    // The theme is the one that the reader chose last, on whichever page.
    let shown = format!("return document.documentElement.dataset.theme === '{theme}'");
    if ask(browser, &shown).await? == true {
        return Ok(());
    }
    let choose = format!(
        "localStorage.setItem('mode', '{theme}'); localStorage.setItem('theme', '{theme}'); return true"
    );
    ask(browser, &choose).await?;
    browser.goto(&address).await.map_err(told)?;
    match ask(browser, &shown).await? {
        Value::Bool(true) => Ok(()),
        _ => Err(format!("{} does not take the theme", page.display())),
    }
}

const FACTS: &str = "
    const drawn = [...document.querySelectorAll('article img, article [data-alive] svg')];
    const box = picture => picture.getBoundingClientRect();
    return {
        pictures: drawn.map(picture => ({
            width: box(picture).width, height: box(picture).height,
            says: picture.alt ?? picture.getAttribute('aria-label') })),
        wide: document.documentElement.scrollWidth > innerWidth,
        asked: performance.getEntriesByType('resource').map(entry => entry.name)
            .filter(name => !/^(file|data|blob):/.test(name)),
        links: [...document.querySelectorAll('a[href]')].map(link => link.href)
            .filter(link => link.startsWith('file:')),
    }";

/// Each lesson can be opened in the image, where the published repository has it; an assignment is not there.
fn lessons_alone_are_launched(site: &Path, pages: &[PathBuf]) {
    for page in pages {
        let within = page.strip_prefix(site).expect("a page of the site");
        let notebook = within.with_extension("ipynb");
        let is_lesson = within.parent() == Some(Path::new("notebooks"))
            && repository().join(&notebook).is_file();
        let link = format!(
            "https://mybinder.org/v2/git/https%3A//code.example/me/course/main?urlpath=lab/tree/{}",
            notebook.display()
        );
        let text = std::fs::read_to_string(page).expect("a page");
        assert_eq!(text.contains(&link), is_lesson, "{}", page.display());
        assert!(
            is_lesson || !text.contains("mybinder.org"),
            "{}",
            page.display()
        );
    }
}

/// Links that lead nowhere.
fn links(all: &Value, site: &Path) -> Vec<String> {
    let all: BTreeSet<&str> = all
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let mut dead = Vec::new();
    for link in all {
        let path = link.strip_prefix("file://").unwrap_or(link);
        let (path, part) = path.split_once('#').unwrap_or((path, ""));
        let path = PathBuf::from(
            path.split('?')
                .next()
                .unwrap_or_default()
                .replace("%20", " "),
        );
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let part = part.replace("%3D", "=").replace("%3A", ":");
        if !path.starts_with(site) || !path.is_file() {
            dead.push(format!("a link leads nowhere: {link}"));
        } else if !part.is_empty() && !text.contains(&format!("id=\"{part}\"")) {
            dead.push(format!("a link leads to no place in its page: {link}"));
        }
    }
    dead
}

/// What breaks the rules for pages that all can use.
async fn violations(browser: &Client, axe: &str) -> Result<Vec<String>, String> {
    ask(browser, &format!("{axe}; return true")).await?;
    let script = "
        const done = arguments[arguments.length - 1];
        const ours = { exclude: [['.sidebar-primary-item']] }; // the theme's: a name outside of a landmark
        axe.run(ours, { resultTypes: ['violations'] }).then(
            found => done(found.violations.map(one => [one.id, one.nodes.length, one.nodes[0].html.slice(0, 200)])),
            error => done([['axe', 0, String(error)]]))";
    let found = browser
        .execute_async(script, vec![])
        .await
        .map_err(|error| error.to_string())?;
    Ok(found
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| format!("axe-core: {one}"))
        .collect())
}

/// With the Tab key alone one comes to the first picture of a lesson, and with the picture's own keys
/// into it.
async fn by_keys(browser: &Client, site: &Path) -> Result<Vec<String>, String> {
    let told = |error: fantoccini::error::CmdError| error.to_string();
    let page = site.join("notebooks/01-tasks.html");
    open(browser, &page, WIDTHS[1], "light").await?;
    let inside = "return document.activeElement.closest('[data-alive]') !== null";
    for _ in 0..200 {
        let active = browser.active_element().await.map_err(told)?;
        active.send_keys("\u{e004}").await.map_err(told)?;
        if ask(browser, inside).await? == true {
            let said = "return document.activeElement.closest('[data-alive]').innerText";
            let before = ask(browser, said).await?;
            let active = browser.active_element().await.map_err(told)?;
            active.send_keys("+").await.map_err(told)?;
            active.send_keys("\u{e015}").await.map_err(told)?;
            let after = ask(browser, said).await?;
            save_picture(browser, "site-keys.png").await;
            return Ok((before == after)
                .then(|| format!("keys change nothing in a picture: {after}"))
                .into_iter()
                .collect());
        }
    }
    Ok(vec!["no picture is reached by the Tab key".to_owned()])
}

/// A word is found without a server.
async fn search(browser: &Client, site: &Path) -> Result<Vec<String>, String> {
    let page = site.join("search.html");
    open(browser, &page, WIDTHS[1], "light").await?;
    let address = format!("file://{}?q=deadlock", page.display());
    browser
        .goto(&address)
        .await
        .map_err(|error| error.to_string())?;
    let found = "return [...document.querySelectorAll('#search-results li a')].some(link => link.href.includes('09-locks'))";
    let until = Instant::now() + PATIENCE;
    while ask(browser, found).await? != true {
        if Instant::now() > until {
            return Ok(vec!["\"deadlock\" is not found in 09-locks".to_owned()]);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    save_picture(browser, "site-search.png").await;
    Ok(Vec::new())
}

async fn ask(browser: &Client, script: &str) -> Result<Value, String> {
    browser
        .execute(script, vec![])
        .await
        .map_err(|error| error.to_string())
}

/// The pages of the site, but for those that only list what others have.
fn pages_in(site: &Path) -> Vec<PathBuf> {
    let pattern = site.join("**/*.html");
    let all = glob::glob(&pattern.to_string_lossy()).expect("a pattern");
    let own = |page: &PathBuf| {
        let name = page.file_name().and_then(|name| name.to_str());
        !matches!(name, Some("genindex.html" | "search.html"))
            && !page.starts_with(site.join("_static"))
    };
    all.flatten().filter(own).collect()
}

/// No file of an assignment has a line of its solution or of a hidden test. (Lessons may have the same line.)
fn no_page_gives_a_solution_away(site: &Path) {
    let everything = glob::glob(&site.join("**/*").to_string_lossy()).expect("a pattern");
    let texts: Vec<(PathBuf, String)> = everything
        .flatten()
        .filter(|path| path.is_file())
        .map(|path| {
            let bytes = std::fs::read(&path).expect("a file of the site");
            (path, String::from_utf8_lossy(&bytes).into_owned())
        })
        .collect();
    let sources = repository().join("notebooks/assignments/source/*/*.ipynb");
    for source in glob::glob(&sources.to_string_lossy())
        .expect("a pattern")
        .flatten()
    {
        let name = source.file_stem().unwrap_or_default().to_string_lossy();
        let text = std::fs::read_to_string(&source).expect("an assignment");
        let book: Value = serde_json::from_str(&text).expect("JSON");
        for cell in book["cells"].as_array().expect("cells") {
            let lines = cell["source"].as_array().into_iter().flatten();
            let mut hidden = false;
            for line in lines.filter_map(Value::as_str) {
                if line.contains("// BEGIN ") || line.contains("// END ") {
                    hidden = line.contains("// BEGIN ");
                } else if hidden && line.trim().len() > 40 {
                    // As a notebook has it: pages colour each word of it.
                    let line = json!(line.trim()).to_string();
                    let line = line.trim_matches('"');
                    let own =
                        |(path, _): &&(PathBuf, String)| path.to_string_lossy().contains(&*name);
                    for (path, text) in texts.iter().filter(own) {
                        assert!(
                            !text.contains(line),
                            "{} shows what {} hides: {line}",
                            path.display(),
                            source.display()
                        );
                    }
                }
            }
        }
    }
}

/// The checker's script.
fn axe(folder: &Path) -> String {
    let mut pip = end_to_end::tool("python");
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ])
    .args(["--no-deps", "--target"])
    .arg(folder.join("axe"))
    .arg(AXE);
    let ran = commands::run(&mut pip, "");
    assert!(ran.passed, "{}", ran.said);
    let script = folder.join("axe/axe_playwright_python/axe.min.js");
    std::fs::read_to_string(script).expect("axe-core")
}
