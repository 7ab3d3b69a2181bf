//! What stands for the standard streams in programs that cells start.
//!
//! Descriptor 0 of the process that runs the cells is the pipe on which evcxr sends its commands. A
//! program started by `Command::new("cat").status()` inherits descriptor 0, would wait on that pipe
//! for as long as the cell waits for the program, and take the next command. The pipe has to stay
//! at 0, as evcxr reads it there. Descriptors 1 and 2 are sockets (see `output`), which no program can
//! open by name, as `> /dev/stderr` does in a shell's script. So two things are done:
//!
//! - Descriptor 0 is marked close-on-exec. No program gets it, whoever starts that program and
//!   however: std, nix, a C library.
//! - Programs started by std find `/dev/null` in its place, as forked children do, and so do the
//!   programs that those start: they read an empty stdin. And they find pipes of their own at 1 and
//!   2. Streams that the caller asks for (`.stdin(…)`) win.
//!
//! For the second, where std forks, the fork guard sees to stdin (and the sockets stay). Mostly std
//! calls `posix_spawn`, which runs no fork handlers, and which is given a list of what to do to the
//! child's descriptors. std begins each list by `posix_spawn_file_actions_init` and ends it by
//! `posix_spawn_file_actions_destroy`. Its pointers to these functions are replaced by pointers to
//! [`begin_list`], which makes the list begin with those descriptors, and [`end_list`]. Where the
//! pointers are not found, stdin is closed in such programs, and reading it is an error ("Bad file
//! descriptor"): the kernel is safe all the same.

use super::output;
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use std::cell::Cell;
use std::ffi::{CStr, c_int, c_void};
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::OnceLock;

/// `/dev/null`, opened once and for good.
static NOTHING: OnceLock<OwnedFd> = OnceLock::new();

thread_local! {
    /// The writing ends of the pipes that are on this thread's list.
    static PIPES: Cell<[Option<OwnedFd>; 2]> = const { Cell::new([None, None]) };
}

type List = libc::posix_spawn_file_actions_t;
type Function = unsafe extern "C" fn(*mut List) -> c_int;

/// The C library's own functions, kept because this program's pointers to them may be replaced too.
static BEGIN: OnceLock<Function> = OnceLock::new();
static END: OnceLock<Function> = OnceLock::new();

pub fn install() -> io::Result<()> {
    let nothing = processes::lifeline::above_standard(File::open("/dev/null")?.into())?;
    NOTHING.get_or_init(|| nothing);
    fcntl(io::stdin(), FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
    BEGIN.get_or_init(|| libc::posix_spawn_file_actions_init);
    END.get_or_init(|| libc::posix_spawn_file_actions_destroy);
    // SAFETY: a callback that touches only what it is given.
    unsafe { libc::dl_iterate_phdr(Some(look_at), std::ptr::null_mut()) };
    Ok(())
}

/// `/dev/null`, which a child reads. Only after [`install`].
pub fn nothing() -> Option<&'static OwnedFd> {
    NOTHING.get()
}

/// In the place of `posix_spawn_file_actions_init`.
unsafe extern "C" fn begin_list(list: *mut List) -> c_int {
    let pipes = [
        output::program_pipe(&io::stdout()),
        output::program_pipe(&io::stderr()),
    ];
    let streams = [nothing(), pipes[0].as_ref(), pipes[1].as_ref()];
    let descriptors = (0..)
        .zip(streams)
        .filter_map(|(n, it)| Some((n, it?.as_raw_fd())));
    // SAFETY: the caller's list, as the caller promises it.
    let mut errno = unsafe { BEGIN.wait()(list) };
    for (number, descriptor) in descriptors {
        if errno == 0 {
            // SAFETY: the list has begun.
            errno = unsafe { libc::posix_spawn_file_actions_adddup2(list, descriptor, number) };
        }
    }
    PIPES.set(pipes);
    errno
}

/// In the place of `posix_spawn_file_actions_destroy`: the program has started, or never will.
unsafe extern "C" fn end_list(list: *mut List) -> c_int {
    PIPES.take();
    // SAFETY: the caller's list, as the caller promises it.
    unsafe { END.wait()(list) }
}

/// Called by the dynamic loader for each library: replaces the pointers if the library is std, or the
/// program itself, which may have a std of its own.
unsafe extern "C" fn look_at(
    library: *mut libc::dl_phdr_info,
    _size: usize,
    _data: *mut c_void,
) -> c_int {
    // SAFETY: the loader's description of a loaded library, valid during the call.
    unsafe {
        let library = &*library;
        if library.dlpi_name.is_null() {
            return 0;
        }
        let name = CStr::from_ptr(library.dlpi_name).to_string_lossy();
        if !name.is_empty() && !name.contains("/libstd-") {
            return 0;
        }
        let segments = std::slice::from_raw_parts(library.dlpi_phdr, library.dlpi_phnum.into());
        // What the loader fills in and then makes read-only: among it all pointers to functions of
        // other libraries.
        for segment in segments.iter().filter(|it| it.p_type == libc::PT_GNU_RELRO) {
            let start = (library.dlpi_addr + segment.p_vaddr) as usize;
            replace(start, start + segment.p_memsz as usize);
        }
    }
    0
}

/// Replaces the pointers between `start` and `end`, which the loader has made read-only, all but
/// what stands on the last page that begins there and does not end.
///
/// # Safety
///
/// That must be memory of a library which stays loaded.
unsafe fn replace(start: usize, end: usize) {
    let functions: [(Function, Function); 2] =
        [(*BEGIN.wait(), begin_list), (*END.wait(), end_list)];
    // SAFETY: the caller's promise. A word in it that equals a function's address is a pointer to it:
    // nothing else there has such a value, and the type of the new function is the same. One aligned
    // store replaces it, so another thread that reads it sees one or the other.
    unsafe {
        let page = libc::sysconf(libc::_SC_PAGESIZE) as usize;
        for place in (start.next_multiple_of(8)..end.saturating_sub(7)).step_by(8) {
            let word = place as *mut usize;
            let is_old = |(old, _): &&(Function, Function)| *old as usize == word.read();
            let Some((_, new)) = functions.iter().find(is_old) else {
                continue;
            };
            let first = place & !(page - 1);
            let protected = first + page <= end;
            if protected
                && libc::mprotect(first as *mut _, page, libc::PROT_READ | libc::PROT_WRITE) != 0
            {
                continue;
            }
            word.write_volatile(*new as usize);
            if protected {
                libc::mprotect(first as *mut _, page, libc::PROT_READ);
            }
        }
    }
}
