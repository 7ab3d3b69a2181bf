//! What each process in the sandbox may use.

use anyhow::{Context, Result};
use nix::sys::resource::{Resource, setrlimit};
use nix::unistd::{Gid, Uid, setgroups, setresgid, setresuid};

/// What a process in the sandbox may use.
#[derive(Clone, Debug, clap::Args)]
pub struct Limits {
    /// The user inside, where the sandbox is started by root
    #[arg(long)]
    pub(super) user: Option<u32>,
    /// Processes and threads at once
    #[arg(long)]
    pub processes: u64,
    /// Seconds of processor time for each process
    #[arg(long)]
    cpu: u64,
    /// Bytes of address space for each process
    #[arg(long)]
    address_space: u64,
    /// Bytes of a file
    #[arg(long)]
    file_size: u64,
}

/// How processes are bounded.
pub enum Counted {
    /// The submission is a user of its own.
    Alone,
    /// It shares the user with so many others, who come and go: what is bounded is a fork bomb, and the
    /// judge counts.
    WithOthers(u64),
    No,
}

impl Limits {
    /// For a solution's program: room for a lesson's threads and processes, none for a bomb.
    pub fn of_a_program(user: u32) -> Limits {
        Limits {
            user: Some(user),
            processes: 128,
            cpu: 3,
            address_space: 8 << 30,
            file_size: 32 << 20,
        }
    }

    /// For rustc and the linker.
    pub fn of_a_compiler(user: u32) -> Limits {
        Limits {
            user: Some(user),
            processes: 64,
            cpu: 10,
            address_space: 8 << 30,
            file_size: 64 << 20,
        }
    }

    /// As arguments of the hidden commands.
    pub fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        let numbers = [
            ("--processes", self.processes),
            ("--cpu", self.cpu),
            ("--address-space", self.address_space),
            ("--file-size", self.file_size),
        ];
        if let Some(user) = self.user {
            words.extend(["--user".to_owned(), user.to_string()]);
        }
        for (name, number) in numbers {
            words.extend([name.to_owned(), number.to_string()]);
        }
        words
    }

    /// Becomes the submission's user, where this process is root.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn become_user(&self) -> Result<()> {
        if let Some(user) = self.user.filter(|_| Uid::effective().is_root()) {
            let (uid, gid) = (Uid::from_raw(user), Gid::from_raw(user));
            setgroups(&[]).context("the groups cannot be left")?;
            setresgid(gid, gid, gid).context("the group cannot be changed")?;
            setresuid(uid, uid, uid).context("the user cannot be changed")?;
        }
        Ok(())
    }

    /// Takes them on for this process and all that it will start.
    ///
    /// # Errors
    /// When the system refuses one.
    pub fn take_on(&self, counted: Counted) -> Result<()> {
        let set = |resource, soft: u64, hard: u64| {
            setrlimit(resource, soft, hard)
                .with_context(|| format!("{resource:?} cannot be limited"))
        };
        // A second between the signal that has a name in reports and the one that cannot be ignored.
        set(Resource::RLIMIT_CPU, self.cpu, self.cpu + 1)?;
        set(Resource::RLIMIT_AS, self.address_space, self.address_space)?;
        set(Resource::RLIMIT_FSIZE, self.file_size, self.file_size)?;
        set(Resource::RLIMIT_CORE, 0, 0)?;
        set(Resource::RLIMIT_NOFILE, 1024, 1024)?;
        // The system counts them for each user.
        let processes = match counted {
            Counted::Alone => self.processes,
            Counted::WithOthers(others) => others + 4 * self.processes,
            Counted::No => return Ok(()),
        };
        set(Resource::RLIMIT_NPROC, processes, processes)?;
        Ok(())
    }
}
