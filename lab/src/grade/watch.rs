//! `cargo lab grade --watch`: the official verdict before the deadline, on what is submitted or has
//! changed, and for each student not more often than every so many minutes. What is known lies in the
//! verdicts' folder, so that it can be ended and started again at any time.

use super::find::{self, Found};
use super::grading::Grading;
use super::report;
use super::results::Results;
use super::{Options, sandbox};
use crate::words;
use anyhow::{Context, Result};
use nix::unistd::{Uid, User};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Between two looks at the folders.
const STEP: Duration = Duration::from_secs(1);
/// What a student reads of it: the verdict, and until when there is no other.
const VERDICT: &str = "verdict.txt";
const WAITS: &str = "waits.txt";
/// From when the submission is that was graded.
const GRADED: &str = ".graded";

/// Grades until it is interrupted: an interrupt ends it and all that it has started.
///
/// # Errors
/// When a folder is not there or is one that submissions can read, or the verdicts cannot be written.
pub fn watch(grading: &Grading, out: &Path) -> Result<u8> {
    let options = grading.options;
    let wait = Duration::from_secs(60 * options.wait);
    // Those that the machine has failed on are tried again without being submitted again.
    let mut again = BTreeSet::new();
    let mut told = BTreeSet::new();
    loop {
        for one in submitted(&options.paths)? {
            let place = out.join(folder_of(&one));
            if let Some(owner) = is_somebody_else_s(&one) {
                if told.insert(one.notebook.clone()) {
                    let notebook = words::clean(&one.notebook.display().to_string());
                    eprintln!("not graded {notebook}: it is {owner}'s, in another student's name");
                }
                continue;
            }
            if !is_new(&one, &place) && !again.contains(&one.notebook) {
                continue;
            }
            let rest = rest(&place, wait);
            if !rest.is_zero() {
                tell_rest(&place, rest)?;
                continue;
            }
            if judge(grading, &one, &place)? {
                again.remove(&one.notebook);
            } else {
                again.insert(one.notebook);
            }
        }
        std::thread::sleep(STEP);
    }
}

/// What is there now, the oldest first. A folder may still be empty.
fn submitted(paths: &[PathBuf]) -> Result<Vec<Found>> {
    let mut found = match find::notebooks(paths) {
        Ok(found) => found,
        Err(error) if paths.iter().any(|path| !path.exists()) => return Err(error),
        Err(_) => Vec::new(),
    };
    found.sort_by_key(|one| changed(&one.notebook));
    // In the exchange, each time that somebody submits makes another folder: the last one counts.
    let last: BTreeMap<PathBuf, PathBuf> = found
        .iter()
        .map(|one| (folder_of(one), one.notebook.clone()))
        .collect();
    found.retain(|one| last.get(&folder_of(one)) == Some(&one.notebook));
    Ok(found)
}

/// Whose account has put something into the exchange in a student's name, if it is neither that
/// student's nor this program's.
fn is_somebody_else_s(found: &Found) -> Option<String> {
    let student = found.student.as_ref()?;
    let owner = fs::symlink_metadata(&found.notebook).ok()?.uid();
    let in_the_exchange = found
        .notebook
        .components()
        .any(|part| part.as_os_str() == "inbound");
    let owner = Uid::from_raw(owner);
    if !in_the_exchange || owner.is_root() || owner == Uid::effective() {
        return None;
    }
    let account = User::from_uid(owner).ok()??;
    (account.name != *student).then(|| words::clean(&account.name))
}

/// The verdict's folder: the student's name, and the notebook's. Whoever submits a notebook twice gets
/// one verdict.
fn folder_of(found: &Found) -> PathBuf {
    let name = |path: Option<&Path>| path.and_then(Path::file_name).map(PathBuf::from);
    let student = found.student.as_ref().map(PathBuf::from);
    let student = student.or_else(|| name(found.notebook.parent()));
    let stem = found.notebook.file_stem().map(PathBuf::from);
    // A file may be called `...ipynb`, and the rest of that is no name.
    let is_name = |path: &PathBuf| path.file_name() == Some(path.as_os_str());
    let [student, stem] = [student, stem].map(|name| name.filter(is_name).unwrap_or("_".into()));
    student.join(stem)
}

/// When it was written last. The system keeps this time itself: nobody can set it.
fn changed(path: &Path) -> Option<SystemTime> {
    let found = fs::symlink_metadata(path).ok()?;
    let (seconds, rest) = (found.ctime(), found.ctime_nsec());
    let since = Duration::new(seconds.try_into().ok()?, rest.try_into().ok()?);
    Some(SystemTime::UNIX_EPOCH + since)
}

/// Whether it is another than the one that was graded. One that came while that was being graded is.
fn is_new(found: &Found, place: &Path) -> bool {
    let graded = fs::read_to_string(place.join(GRADED)).unwrap_or_default();
    graded != stamp(&found.notebook)
}

fn stamp(notebook: &Path) -> String {
    format!("{:?}", changed(notebook))
}

/// How long there is no other verdict.
fn rest(place: &Path, wait: Duration) -> Duration {
    let age = changed(&place.join(VERDICT)).and_then(|last| last.elapsed().ok());
    age.map_or(Duration::ZERO, |age| wait.saturating_sub(age))
}

fn tell_rest(place: &Path, rest: Duration) -> Result<()> {
    let file = place.join(WAITS);
    if file.exists() {
        return Ok(());
    }
    let minutes = rest.as_secs().div_ceil(60);
    let words = format!(
        "This submission is newer than its verdict. The next verdict comes in {minutes} min; submit again until then, and the last one counts.\n"
    );
    write(&file, &words)
}

/// False where the submission could not be graded.
fn judge(grading: &Grading, one: &Found, place: &Path) -> Result<bool> {
    let options = grading.options;
    let graded = stamp(&one.notebook);
    let own = Options {
        out: Some(place.to_owned()),
        ..options.clone()
    };
    let results = Results::new(&own, 1);
    if !options.no_sandbox {
        sandbox::refuse_if_shown(&one.notebook, "the submission")?;
    }
    grading.all(std::slice::from_ref(one), &results);
    let summary = results.end()?;
    let _ = fs::remove_file(place.join(WAITS));
    write(
        &place.join(VERDICT),
        &format!("{}\n", report::table(&summary)),
    )?;
    write(&place.join(GRADED), &graded)?;
    Ok(summary.not_graded.is_empty())
}

fn write(file: &Path, text: &str) -> Result<()> {
    let folder = file.parent().context("a verdict has a folder")?;
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(file, text))
        .with_context(|| format!("{} cannot be written", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_submission_is_new_and_waits_for_its_time() {
        let folder = tempfile::tempdir().unwrap();
        let notebook = folder.path().join("submitted/ada/sum/sum.ipynb");
        write(&notebook, "{}").unwrap();
        let [one] = &submitted(&[folder.path().to_owned()]).unwrap()[..] else {
            panic!("one is there");
        };
        assert_eq!(folder_of(one), Path::new("ada/sum"));
        let place = folder.path().join("verdicts/ada/sum");
        let hour = Duration::from_secs(3600);
        assert!(is_new(one, &place) && rest(&place, hour).is_zero());
        write(&place.join(VERDICT), "3/3").unwrap();
        write(&place.join(GRADED), &stamp(&notebook)).unwrap();
        assert!(!is_new(one, &place));
        // The system's clock for files has steps.
        while !is_new(one, &place) {
            write(&notebook, "{ }").unwrap();
        }
        let rest = rest(&place, hour);
        assert!(hour / 2 < rest && rest <= hour, "{rest:?}");
        tell_rest(&place, rest).unwrap();
        let said = fs::read_to_string(place.join(WAITS)).unwrap();
        assert!(said.contains("comes in 60 min"), "{said}");
        // Who submits again, as the exchange keeps it, is graded by the last, and nobody's name leads
        // out of the verdicts' folder.
        let exchange = tempfile::tempdir().unwrap();
        let came = |name: &str| exchange.path().join("inbound").join(name).join("sum.ipynb");
        let first = came("ada+sum+2026-01-02 03:04:05 UTC+a");
        write(&first, "{}").unwrap();
        let second = came("ada+sum+2026-01-02 03:04:06 UTC+b");
        while changed(&second) <= changed(&first) {
            write(&second, "{}").unwrap();
        }
        write(&came("..+sum+2026-01-02 03:04:05 UTC+c"), "{}").unwrap();
        write(&came("eve+sum+1+d").with_file_name("...ipynb"), "{}").unwrap();
        let found = submitted(&[exchange.path().to_owned()]).unwrap();
        let places: BTreeMap<PathBuf, &PathBuf> = found
            .iter()
            .map(|one| (folder_of(one), &one.notebook))
            .collect();
        assert_eq!(places.len(), found.len());
        assert_eq!(places[Path::new("ada/sum")], &second);
        let out = exchange.path().join("verdicts");
        for place in places.keys() {
            let inside = place
                .components()
                .all(|part| matches!(part, std::path::Component::Normal(_)));
            assert!(inside && out.join(place).starts_with(&out), "{place:?}");
        }
        assert!(found.iter().all(|one| is_somebody_else_s(one).is_none()));
        // An empty folder waits for the first.
        let empty = tempfile::tempdir().unwrap();
        assert_eq!(submitted(&[empty.path().to_owned()]).unwrap(), []);
        assert!(submitted(&[empty.path().join("none")]).is_err());
    }
}
