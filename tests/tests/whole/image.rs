//! What the image is made from, without making it: `--test image -- --ignored` does that.

use end_to_end::commands::BoundedOutput;
use end_to_end::repository;
use lab::home::Home;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The instructions of the Containerfile, each in one line.
fn instructions() -> Vec<String> {
    let file = repository().join("Containerfile");
    let text = fs::read_to_string(file).expect("a file");
    let lines = text
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'));
    let text = lines.collect::<Vec<_>>().join("\n").replace("\\\n", " ");
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(str::to_owned).collect()
}

/// What stands behind the instructions of one kind.
fn all(kind: &str) -> Vec<String> {
    let instructions = instructions();
    let found = instructions
        .iter()
        .filter_map(|line| line.strip_prefix(kind));
    found.map(|rest| rest.trim().to_owned()).collect()
}

#[test]
fn each_instruction_is_one_and_what_it_names_is_there() {
    let kinds = [
        "ARG",
        "CMD",
        "COPY",
        "ENTRYPOINT",
        "ENV",
        "EXPOSE",
        "FROM",
        "RUN",
        "USER",
        "WORKDIR",
    ];
    for line in instructions() {
        let kind = line.split(' ').next().expect("a word");
        assert!(kinds.contains(&kind), "{line}");
    }
    let copied = all("COPY ")
        .into_iter()
        .filter(|rest| !rest.starts_with("--from"));
    for rest in copied {
        let from = rest.split(' ').next().expect("a word");
        assert!(repository().join(from).exists(), "{rest}");
    }
    let stages: Vec<String> = all("FROM ");
    for rest in all("COPY --from=") {
        let stage = rest.split(' ').next().expect("a word");
        assert!(
            stages
                .iter()
                .any(|from| from.ends_with(&format!(" AS {stage}"))),
            "{rest}"
        );
    }
    // The bases are arguments: whoever builds has others put in.
    for from in stages {
        let argument = from.split(['{', '}']).nth(1).expect("${NAME}");
        assert!(
            all("ARG ")
                .iter()
                .any(|it| it.starts_with(&format!("{argument}="))),
            "{from}"
        );
    }
}

#[test]
fn versions_are_those_of_the_repository() {
    let evcxr = format!("evcxr_jupyter --version {}", lab::stock::VERSION);
    assert!(
        all("RUN ").iter().any(|run| run.ends_with(&evcxr)),
        "{evcxr}"
    );
    let toolchain = fs::read_to_string(repository().join("rust-toolchain.toml")).expect("a file");
    let channel = toolchain
        .lines()
        .find_map(|line| line.strip_prefix("channel = "));
    let channel = channel.expect("a channel").trim_matches('"');
    let rust = format!("RUST=docker.io/library/rust:{channel}-");
    assert!(all("ARG ").iter().any(|it| it.starts_with(&rust)), "{rust}");
    // As its RUN line takes them from environment.yml.
    let sed = all("RUN ").into_iter().find(|run| run.starts_with("sed "));
    let sed = sed.expect("the pins");
    let (sed, _) = sed.split_once(" > ").expect("a file for them");
    let mut shell = Command::new("sh");
    let answer = shell
        .args(["-c", sed])
        .current_dir(repository())
        .bounded_output();
    let taken = String::from_utf8(answer.stdout).expect("text");
    let home = Home::at(&repository()).expect("the repository");
    let pins = lab::environment::pins(&home).expect("pins");
    assert_eq!(taken.lines().collect::<Vec<_>>(), pins);
}

#[test]
fn binder_and_the_devcontainer_are_of_the_same_image() {
    let same = |file: PathBuf| {
        let expected = repository().join("Containerfile");
        assert_eq!(file.canonicalize().expect("a file"), expected);
    };
    // Binder takes the first of these that is there, before environment.yml.
    for folder in ["binder", ".binder"] {
        assert!(
            !repository().join(folder).exists(),
            "{folder} hides the Dockerfile"
        );
    }
    same(repository().join("Dockerfile"));
    let folder = repository().join(".devcontainer");
    let text = fs::read(folder.join("devcontainer.json")).expect("a file");
    let devcontainer: Value = serde_json::from_slice(&text).expect("JSON");
    let build = &devcontainer["build"];
    same(folder.join(build["dockerfile"].as_str().expect("a path")));
    let context = folder.join(build["context"].as_str().expect("a path"));
    assert_eq!(context.canonicalize().expect("a folder"), repository());
    let user = all("ARG ")
        .into_iter()
        .find_map(|it| Some(it.strip_prefix("NB_USER=")?.to_owned()));
    assert_eq!(devcontainer["remoteUser"].as_str(), user.as_deref());
}

/// The entry of the image in a home of this test's.
#[test]
fn a_home_without_the_notebooks_gets_them_and_one_with_keeps_its_own() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let [home, lessons] = ["home", "lessons"].map(|name| folder.path().join(name));
    for place in [&home, &lessons] {
        fs::create_dir(place).expect("a writable folder");
    }
    fs::write(lessons.join("01.ipynb"), "as it is").expect("a writable folder");
    let script = fs::read_to_string(repository().join(".devcontainer/start")).expect("a file");
    let known = script
        .lines()
        .find_map(|line| line.strip_prefix("lessons="));
    let known = known.expect("where the lessons are");
    assert!(Path::new(known).starts_with("/opt/lab") && known.ends_with("/current/notebooks"));
    let script = script.replace(known, &lessons.to_string_lossy());
    let start = || {
        let mut shell = Command::new("sh");
        shell
            .args(["-c", &script, "start", "echo", "started"])
            .env("HOME", &home);
        String::from_utf8(shell.bounded_output().stdout).expect("text")
    };
    assert_eq!(start(), "started\n");
    let copy = home.join("notebooks/01.ipynb");
    assert_eq!(fs::read_to_string(&copy).expect("a copy"), "as it is");
    fs::write(&copy, "changed").expect("a copy that its owner can change");
    assert_eq!(start(), "started\n");
    assert_eq!(fs::read_to_string(&copy).expect("a copy"), "changed");
}
