//! Whose fault a failure is: the submission's, or the machine's.
//!
//! A failure that a busy or broken machine explains as well is tried again alone. What the limits
//! say then is the submission's own; a judge that died, a sandbox or a linker that failed is not,
//! nor is a machine whose processors others have.

use super::judged::Bench;
use super::sandbox;
use super::submission::Submission;
use super::turn::Turns;
use super::verdict::{Doubt, Verdict};
use anyhow::{Result, bail};

/// Judges the submission, twice if the first time leaves a doubt.
///
/// # Errors
/// When it could not be judged: in one sentence.
pub fn judge(bench: &Bench, submission: &Submission, turns: &Turns) -> Result<Verdict> {
    let beside = turns.beside()?;
    // What one run leaves behind for its user, no other meets.
    let another = |patience| -> Result<Bench> {
        Ok(Bench {
            user: sandbox::next_user()?,
            patience,
            ..bench.clone()
        })
    };
    let first = another(bench.patience)?.judge(submission);
    drop(beside);
    if let Ok(verdict) = &first
        && verdict.doubt().is_none()
    {
        return first;
    }
    let _alone = turns.alone()?;
    let second = another(4)?.judge(submission)?;
    match second.doubt() {
        None | Some((Doubt::Once, _)) => Ok(second),
        Some((Doubt::Busy, why)) => {
            bail!("other programs keep this machine too busy to judge it: {why}")
        }
        Some((Doubt::Machine, why)) => bail!("it could not be judged, twice: {why}"),
    }
}
