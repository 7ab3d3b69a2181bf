//! The walls where no namespace can be made, as in Docker's default container or where an ordinary user
//! may make none: Landlock says which files a process may open, a shorter list of system calls keeps it
//! from the network and from what Landlock lets through (a file's owner, mode and dates, another
//! process's limits), and a user of its own, or Landlock again, from signalling anybody.

use super::{Options, system};
use anyhow::{Context, Result, bail};
use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, Ruleset, RulesetAttr,
    RulesetCreatedAttr, Scope, path_beneath_rules,
};
use std::path::{Path, PathBuf};

/// Since when Landlock keeps a process from signalling others of its user: Linux 6.12.
const SCOPES: i32 = 6;
/// A kernel without it knows fewer ways to reach a file, and the list of system calls has those.
const OLDEST: ABI = ABI::V1;
const NEWEST: ABI = ABI::V6;

/// What a process may open, as options of `lab confine`.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Rules {
    /// Without namespaces: files and folders that may be read and executed, and nothing else
    #[arg(long)]
    see: Vec<PathBuf>,
    /// A folder that may be written to
    #[arg(long)]
    own: Option<PathBuf>,
}

impl Rules {
    pub fn of(options: &Options) -> Result<Rules> {
        let mut see = system::shown(options.compiler)?;
        see.extend(options.show.iter().map(|(from, _)| from.clone()));
        let own = options.own.clone();
        Ok(Rules { see, own })
    }

    /// As arguments of `lab confine`.
    pub fn words(&self) -> Vec<PathBuf> {
        let see = self.see.iter().map(|path| ("--see", path));
        let own = self.own.iter().map(|path| ("--own", path));
        see.chain(own)
            .flat_map(|(name, path)| [PathBuf::from(name), path.clone()])
            .collect()
    }

    pub fn are_given(&self) -> bool {
        !self.see.is_empty()
    }

    /// Takes them on for this process and all that it will start.
    ///
    /// # Errors
    /// When the kernel has no Landlock, or one that lets signals through and this process has no user
    /// of its own.
    pub fn take_on(&self, has_own_user: bool) -> Result<()> {
        let scoped = match has_own_user {
            true => CompatLevel::BestEffort,
            false => CompatLevel::HardRequirement,
        };
        let all = AccessFs::from_all(NEWEST);
        let read = AccessFs::Execute | AccessFs::ReadFile | AccessFs::ReadDir;
        let device = AccessFs::ReadFile | AccessFs::WriteFile;
        Ruleset::default()
            .set_compatibility(CompatLevel::HardRequirement)
            .handle_access(AccessFs::from_all(OLDEST))?
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(all)?
            .handle_access(AccessNet::from_all(NEWEST))?
            .set_compatibility(scoped)
            .scope(Scope::Signal)?
            .set_compatibility(CompatLevel::BestEffort)
            .scope(Scope::AbstractUnixSocket)?
            .create()?
            .add_rules(path_beneath_rules(&self.see, read))?
            .add_rules(path_beneath_rules(["/dev/null"], device))?
            .add_rules(path_beneath_rules(
                ["/dev/urandom"],
                BitFlags::from(AccessFs::ReadFile),
            ))?
            .add_rules(path_beneath_rules(&self.own, all))?
            .restrict_self()
            .context("Landlock's rules cannot be taken on")?;
        Ok(())
    }
}

/// Whether these walls can stand in for namespaces on this machine.
///
/// # Errors
/// Why not.
pub fn can_stand_in(has_own_user: bool) -> Result<()> {
    suffices(version(), has_own_user)
}

fn suffices(version: i32, has_own_user: bool) -> Result<()> {
    match version {
        ..1 => bail!("its kernel has no Landlock either"),
        1..SCOPES if !has_own_user => bail!(
            "its kernel's Landlock (version {version}) keeps no program from ending your others, as that of Linux 6.12 does: grade as root, who has users to give away"
        ),
        _ => Ok(()),
    }
}

/// Of Landlock in the running kernel; 0 where there is none.
fn version() -> i32 {
    const VERSION: u32 = 1;
    let none = std::ptr::null::<u8>();
    // SAFETY: asked for its version, the call reads nothing.
    let version = unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, none, 0, VERSION) };
    i32::try_from(version).unwrap_or(0).max(0)
}

/// What these walls do not hold, in words for the report.
pub const NOT_HELD: [&str; 2] = [
    "a program can find out whether a file exists, how large it is and when it was changed, though not what is in it",
    "what waits in sockets and pipes is not counted",
];

/// Makes a folder the submission's user's.
///
/// # Errors
/// When the system refuses.
pub fn give(folder: &Path, user: u32) -> Result<()> {
    std::os::unix::fs::chown(folder, Some(user), Some(user))
        .with_context(|| format!("{} cannot be given away", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_landlock_needs_a_user_for_each_submission() {
        for (version, own, other) in [
            (0, false, false),
            (1, true, false),
            (5, true, false),
            (6, true, true),
        ] {
            assert_eq!(suffices(version, true).is_ok(), own, "{version}");
            assert_eq!(suffices(version, false).is_ok(), other, "{version}");
        }
        let said = suffices(4, false).unwrap_err().to_string();
        assert!(said.contains("grade as root"), "{said}");
    }
}
