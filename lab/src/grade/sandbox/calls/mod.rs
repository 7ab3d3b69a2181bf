//! Which system calls may be made inside: a list, and nothing else.
//!
//! Most of the kernel is of no use to a solution or a compiler, and each part of it is one more that
//! could let somebody out, or outlive the sandbox. The list was made from what std, glibc, tokio and
//! `support` call, and from Docker's default profile for what is harmless besides; that rustc, `cc` and
//! `ld` do with it, each solution shows that is compiled. What it leaves out, it leaves out for one of
//! these reasons:
//!
//! - what makes namespaces, mounts or users: `unshare`, `setns`, `mount`, `chroot`, the flags of
//!   `clone` that do the same (and `clone3`, whose flags a filter cannot read);
//! - what acts on other processes' memory or descriptors: `ptrace`, `process_vm_*`, `pidfd_getfd`;
//! - what goes around a filter: `io_uring_*`;
//! - what runs in the kernel or changes it: `bpf`, `perf_event_open`, `userfaultfd`, modules, `kexec`;
//! - what outlives a process or is counted for nobody: keyrings, System V's and POSIX's queues,
//!   files that only memory holds;
//! - sockets that are neither Unix's nor TCP's or UDP's;
//! - what slows the machine for others: `sync`, real-time and idle scheduling.
//!
//! A refused call fails with `EPERM`, as for a user without the right; `clone3` with `ENOSYS`, after
//! which libc falls back on `clone`.

mod list;

use anyhow::{Context, Result};
use list::{ACCEPTING, ALLOWED, BY_NAMESPACES, CLONE_REFUSED, IOCTL, OLDER, PRCTL, SOCKET_OPTIONS};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen as Length, SeccompCmpOp as Compare,
    SeccompCondition, SeccompFilter, SeccompRule, apply_filter,
};
use std::collections::BTreeMap;

/// Whose calls are filtered.
pub struct Filtered {
    /// No namespace is around it.
    pub alone: bool,
    /// It may share its memory with a new process until that has become another program, as std does; else
    /// who shares memory is a thread.
    pub starts_programs: bool,
    /// It was handed a listener, and accepts what comes to it.
    pub serves: bool,
}

/// Leaves this process, and all that it becomes and starts, the calls of the list; of those fewer where
/// no namespace is around it.
///
/// # Errors
/// When the kernel has no filters, or this kind of processor has no list.
pub fn filter(who: &Filtered) -> Result<()> {
    // Both are asked at each call, and refusing wins.
    for program in [missing()?, listed(who)?] {
        apply_filter(&program).context("the system calls cannot be filtered")?;
    }
    Ok(())
}

fn program(
    rules: BTreeMap<libc::c_long, Vec<SeccompRule>>,
    otherwise: SeccompAction,
    matched: SeccompAction,
) -> Result<BpfProgram> {
    let processor = std::env::consts::ARCH.try_into();
    let processor = processor.context("system calls are not known for this kind of processor")?;
    let filter = SeccompFilter::new(rules, otherwise, matched, processor)?;
    Ok(filter.try_into()?)
}

/// `clone3` as if the kernel were older than it.
fn missing() -> Result<BpfProgram> {
    let rules = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
    let absent = SeccompAction::Errno(libc::ENOSYS as u32);
    program(rules, SeccompAction::Allow, absent)
}

fn listed(who: &Filtered) -> Result<BpfProgram> {
    let mut rules: BTreeMap<libc::c_long, Vec<SeccompRule>> = ALLOWED
        .iter()
        .chain(OLDER)
        .filter(|call| !(who.alone && BY_NAMESPACES.contains(call)))
        .chain(who.serves.then_some(ACCEPTING).into_iter().flatten())
        .map(|call| (*call, Vec::new()))
        .collect();
    rules.insert(libc::SYS_clone, clones(who.starts_programs)?);
    #[cfg(target_arch = "x86_64")]
    if !who.starts_programs {
        rules.remove(&libc::SYS_vfork);
    }
    // A filter more, as the search of every schedule takes on: it only ever forbids, and tells nobody.
    rules.insert(
        libc::SYS_seccomp,
        vec![rule(&[
            (0, Compare::Eq, u64::from(libc::SECCOMP_SET_MODE_FILTER)),
            // For this thread, or for all of the process.
            (
                1,
                Compare::MaskedEq(!u64::from(libc::SECCOMP_FILTER_FLAG_TSYNC as u32)),
                0,
            ),
        ])?],
    );
    rules.insert(libc::SYS_prctl, one_of(0, PRCTL.iter().map(|n| *n as u64))?);
    rules.insert(libc::SYS_ioctl, one_of(1, IOCTL.iter().copied())?);
    if who.alone {
        rules.insert(libc::SYS_socketpair, pairs()?);
        for (call, flags) in [
            (libc::SYS_sendto, 3),
            (libc::SYS_sendmsg, 2),
            (libc::SYS_sendmmsg, 3),
        ] {
            rules.insert(call, without_connecting(flags)?);
        }
        rules.insert(libc::SYS_setsockopt, options()?);
        // Of itself only: 0, whoever it is.
        rules.insert(libc::SYS_prlimit64, one_of(0, [0].into_iter())?);
        rules.insert(libc::SYS_sched_setaffinity, one_of(0, [0].into_iter())?);
        rules.insert(
            libc::SYS_setpriority,
            vec![rule(&[
                (0, Compare::Eq, libc::PRIO_PROCESS as u64),
                (1, Compare::Eq, 0),
            ])?],
        );
    } else {
        rules.insert(libc::SYS_socket, sockets()?);
        rules.insert(libc::SYS_socketpair, sockets()?);
    }
    program(
        rules,
        SeccompAction::Errno(libc::EPERM as u32),
        SeccompAction::Allow,
    )
}

/// Threads, and processes with a memory of their own: one that shared it would be a thread that is
/// counted as a process, once more with all its memory.
fn clones(starts_programs: bool) -> Result<Vec<SeccompRule>> {
    let (thread, memory) = (libc::CLONE_THREAD as u64, libc::CLONE_VM as u64);
    let until_exec = memory | libc::CLONE_VFORK as u64;
    let mut kinds = vec![(memory, 0), (thread, thread)];
    kinds.extend(starts_programs.then_some((until_exec, until_exec)));
    let kinds = kinds.into_iter().map(|(flags, set)| {
        rule(&[
            (0, Compare::MaskedEq(CLONE_REFUSED as u64), 0),
            (0, Compare::MaskedEq(flags), set),
        ])
    });
    kinds.collect()
}

/// Above a socket's kind stand flags: to close on exec, not to wait.
const KIND: u64 = 0xf;

/// Pairs that stay pairs: a datagram can be sent to any socket that has a name.
fn pairs() -> Result<Vec<SeccompRule>> {
    let kinds = [libc::SOCK_STREAM, libc::SOCK_SEQPACKET].into_iter();
    let kinds = kinds.map(|kind| {
        rule(&[
            (0, Compare::Eq, libc::AF_UNIX as u64),
            (1, Compare::MaskedEq(KIND), kind as u64),
        ])
    });
    kinds.collect()
}

/// Sending by a connection that there is. A flag has TCP make one on the way, and a listener that has been
/// shut down is a socket that can have one, to any port of the machine.
fn without_connecting(flags: u8) -> Result<Vec<SeccompRule>> {
    let flag = libc::MSG_FASTOPEN as u64;
    Ok(vec![rule(&[(flags, Compare::MaskedEq(flag), 0)])?])
}

fn options() -> Result<Vec<SeccompRule>> {
    let options = SOCKET_OPTIONS.iter().map(|(level, option)| {
        rule(&[
            (1, Compare::Eq, *level as u64),
            (2, Compare::Eq, *option as u64),
        ])
    });
    options.collect()
}

/// Unix's, TCP's and UDP's. Other protocols of the same families would load modules.
fn sockets() -> Result<Vec<SeccompRule>> {
    let mut rules = Vec::new();
    for kind in [libc::SOCK_STREAM, libc::SOCK_DGRAM, libc::SOCK_SEQPACKET] {
        let kind = (1, Compare::MaskedEq(KIND), kind as u64);
        rules.push(rule(&[(0, Compare::Eq, libc::AF_UNIX as u64), kind])?);
    }
    for family in [libc::AF_INET, libc::AF_INET6] {
        for (kind, own) in [
            (libc::SOCK_STREAM, libc::IPPROTO_TCP),
            (libc::SOCK_DGRAM, libc::IPPROTO_UDP),
        ] {
            for protocol in [0, own] {
                rules.push(rule(&[
                    (0, Compare::Eq, family as u64),
                    (1, Compare::MaskedEq(KIND), kind as u64),
                    (2, Compare::Eq, protocol as u64),
                ])?);
            }
        }
    }
    Ok(rules)
}

fn one_of(argument: u8, values: impl Iterator<Item = u64>) -> Result<Vec<SeccompRule>> {
    values
        .map(|value| rule(&[(argument, Compare::Eq, value)]))
        .collect()
}

/// All of these have to hold. The arguments compared are `int`s: what stands above them is noise.
fn rule(conditions: &[(u8, Compare, u64)]) -> Result<SeccompRule> {
    let conditions: Result<Vec<_>, _> = conditions
        .iter()
        .map(|(argument, compare, value)| {
            SeccompCondition::new(*argument, Length::Dword, compare.clone(), *value)
        })
        .collect();
    Ok(SeccompRule::new(conditions?)?)
}
