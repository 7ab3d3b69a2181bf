//! `cargo lab grade --watch`: the official verdict before the deadline, on what is submitted or has
//! changed, and for each student not more often than every so many minutes. What is known lies in the
//! verdicts' folder, so that it can be ended and started again at any time.

use super::find::{self, Found};
use super::grading::Grading;
use super::report;
use super::results::Results;
use super::{Options, sandbox};
use anyhow::{Context, Result};
use std::collections::BTreeSet;
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
    loop {
        for one in submitted(&options.paths)? {
            let place = out.join(folder_of(&one));
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
    Ok(found)
}

/// The verdict's folder: the student's name, and the notebook's. Whoever submits a notebook twice gets
/// one verdict.
fn folder_of(found: &Found) -> PathBuf {
    let name = |path: Option<&Path>| path.and_then(Path::file_name).map(PathBuf::from);
    let student = found.student.as_ref().map(PathBuf::from);
    let student = student.or_else(|| name(found.notebook.parent()));
    let stem = found.notebook.file_stem().map(PathBuf::from);
    student.unwrap_or_default().join(stem.unwrap_or_default())
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
        // An empty folder waits for the first.
        let empty = tempfile::tempdir().unwrap();
        assert_eq!(submitted(&[empty.path().to_owned()]).unwrap(), []);
        assert!(submitted(&[empty.path().join("none")]).is_err());
    }
}
