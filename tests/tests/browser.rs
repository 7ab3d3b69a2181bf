//! Once as a learner does it: JupyterLab in a browser, Run ▸ Run All Cells.

use end_to_end::processes::{wait_until, with_variable};
use end_to_end::repository;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const TOKEN: &str = "token-of-this-test";
/// A whole notebook, on a machine that does other things too.
const RUN_ALL: Duration = Duration::from_secs(240);

#[test]
fn run_all_cells_of_02_fork_in_jupyterlab() {
    install_browser();
    let folder = tempfile::tempdir().expect("a temporary folder");
    copy_without_outputs(
        &repository().join("notebooks/02-fork.ipynb"),
        &folder.path().join("02-fork.ipynb"),
    );
    let mark = folder.path().to_string_lossy().into_owned();
    let (mut lab, address) = open_lab(folder.path(), &mark);
    let (mut driver, port) = start_driver(&mark);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let seen = runtime.block_on(async {
        let browser = connect(port, folder.path()).await;
        let seen = look(&browser, &address).await;
        let _ = browser.close().await;
        seen
    });
    for process in [&mut driver, &mut lab] {
        let pid = nix::unistd::Pid::from_raw(process.id() as i32);
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).expect("it runs");
        process.wait().expect("a child");
    }
    let cells = seen.expect("the notebook runs in the browser");
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
    for size in &sizes {
        let (width, height) = (
            size[0].as_f64().unwrap_or(0.0),
            size[1].as_f64().unwrap_or(0.0),
        );
        assert!(
            width > 300.0 && height > 60.0,
            "each picture has a size: {sizes:?}"
        );
    }
    assert!(
        cells.iter().all(|cell| cell["failed"] == false),
        "no cell failed: {cells:?}"
    );
    // A server that was ended leaves no kernel.
    wait_until("no process is left", || {
        with_variable("MARK_OF_THIS_TEST", &mark).is_empty()
    });
}

/// Opens the notebook, runs it by the menu, and tells what the page then shows of each code cell.
async fn look(browser: &Client, address: &str) -> Result<Vec<Value>, String> {
    let failed = |error: fantoccini::error::CmdError| error.to_string();
    browser
        .goto(&format!("{address}/lab/tree/02-fork.ipynb?token={TOKEN}"))
        .await
        .map_err(failed)?;
    until(
        browser,
        "the kernel is ready",
        Duration::from_secs(90),
        "return lab()?.sessionContext.session?.kernel?.status === 'idle'",
    )
    .await?;
    for text in ["Run", "Run All Cells"] {
        let path = format!(
            "//div[contains(@class,'lm-Menu') and contains(@class,'itemLabel')][text()='{text}']"
        );
        let item = browser
            .wait()
            .at_most(Duration::from_secs(20))
            .for_element(Locator::XPath(&path))
            .await
            .map_err(failed)?;
        item.click().await.map_err(failed)?;
    }
    let all_done = "return code().every(cell => cell.model.executionCount !== null && cell.model.executionState !== 'running')";
    until(browser, "every cell is numbered", RUN_ALL, all_done).await?;
    let mut cells = Vec::new();
    let count = ask(browser, "return code().length")
        .await?
        .as_u64()
        .unwrap_or(0);
    for index in 0..count {
        let show = format!(
            "const cell = code()[{index}]; await lab().content.scrollToCell(cell); cell.node.scrollIntoView();"
        );
        ask(
            browser,
            &format!("return (async () => {{ {show} return true }})()"),
        )
        .await?;
        // Pictures are drawn after the cell comes into view.
        let drawn = format!(
            "const cell = code()[{index}];
             const wanted = cell.model.outputs.toJSON().filter(output => output.data?.['image/svg+xml']).length;
             const drawn = [...cell.node.querySelectorAll('.jp-RenderedSVG img, .jp-RenderedSVG svg')];
             return drawn.length >= wanted && drawn.every(picture => picture.getBoundingClientRect().width > 0)"
        );
        until(
            browser,
            "the cell's pictures are drawn",
            Duration::from_secs(20),
            &drawn,
        )
        .await?;
        let facts = format!(
            "const cell = code()[{index}];
             const drawn = [...cell.node.querySelectorAll('.jp-RenderedSVG img, .jp-RenderedSVG svg')].map(picture => picture.getBoundingClientRect());
             const expected = (cell.model.getMetadata('tags') ?? []).includes('raises-exception');
             return {{ number: cell.model.executionCount, pictures: drawn.map(box => [box.width, box.height]),
                      failed: !expected && cell.model.outputs.toJSON().some(output => output.output_type === 'error') }}"
        );
        let facts = ask(browser, &facts).await?;
        if facts["pictures"]
            .as_array()
            .is_some_and(|pictures| !pictures.is_empty())
        {
            save_picture(browser, &format!("02-fork-cell-{index}.png")).await;
        }
        cells.push(facts);
    }
    Ok(cells)
}

/// Runs a script in the page, where `lab()` is the notebook that is open and `code()` its code cells.
async fn ask(browser: &Client, script: &str) -> Result<Value, String> {
    let prelude = "const lab = () => window.jupyterapp?.shell?.currentWidget;
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
async fn save_picture(browser: &Client, name: &str) {
    let folder = repository().join("target/browser");
    let _ = std::fs::create_dir_all(&folder);
    if let Ok(picture) = browser.screenshot().await {
        let _ = std::fs::write(folder.join(name), picture);
    }
}

/// `cargo lab`, on a folder with the notebook in it. Returns once the server says its address.
fn open_lab(folder: &Path, mark: &str) -> (Child, String) {
    let mut lab = end_to_end::cargo_lab(&[
        "--",
        "--no-browser",
        "--port=8917",
        "--LabApp.expose_app_in_browser=True",
    ])
    .arg(format!("--ServerApp.root_dir={}", folder.display()))
    .arg(format!("--IdentityProvider.token={TOKEN}"))
    .env("MARK_OF_THIS_TEST", mark)
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

fn start_driver(mark: &str) -> (Child, u16) {
    let mut driver = Command::new("chromedriver")
        .arg("--port=0")
        .env("MARK_OF_THIS_TEST", mark)
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

async fn connect(port: u16, profile: &Path) -> Client {
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
fn install_browser() {
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
