//! Keeps the kernel's commands from the programs that cells start.
//!
//! Descriptor 0 of the process that runs the cells is the pipe on which evcxr sends its commands. A
//! program started by `Command::new("cat").status()` inherits descriptor 0, would wait on that pipe
//! for as long as the cell waits for the program, and take the next command. The pipe has to stay
//! at 0, as evcxr reads it there. So two things are done:
//!
//! - The descriptor is marked close-on-exec. No program gets it, whoever starts that program and
//!   however: std, nix, a C library.
//! - Programs started by std find `/dev/null` in its place, as forked children do, and so do the
//!   programs that those start: they read an empty stdin. A stdin that the caller asks for
//!   (`.stdin(…)`) wins.
//!
//! For the second, where std forks, the fork guard does it. Mostly it calls `posix_spawn`, which
//! runs no fork handlers, and which is given a list of what to do to the child's descriptors. std
//! begins each list by `posix_spawn_file_actions_init`. Its pointer to that function is replaced by
//! one to [`begin_list`], which makes the list begin with "descriptor 0 is /dev/null". Where the
//! pointer is not found, stdin is closed in such programs, and reading it is an error ("Bad file
//! descriptor"): the kernel is safe all the same.

use std::ffi::{CStr, c_int, c_void};
use std::fs::File;
use std::io;
use std::os::fd::IntoRawFd;
use std::sync::atomic::{AtomicI32, Ordering::Relaxed};



/// `/dev/null`, opened once and for good.
static NOTHING: AtomicI32 = AtomicI32::new(-1);

type List = libc::posix_spawn_file_actions_t;

pub fn install() -> io::Result<()> {
    let nothing = processes::lifeline::above_standard(File::open("/dev/null")?.into())?;
    NOTHING.store(nothing.into_raw_fd(), Relaxed);
    // SAFETY: sets a flag of a descriptor; and a callback that touches only what it is given.
    unsafe {
        if libc::fcntl(libc::STDIN_FILENO, libc::F_SETFD, libc::FD_CLOEXEC) < 0 {
            return Err(io::Error::last_os_error());
        }
        libc::dl_iterate_phdr(Some(look_at), std::ptr::null_mut());
    }
    Ok(())
}

/// In the place of `posix_spawn_file_actions_init`, for std alone.
unsafe extern "C" fn begin_list(list: *mut List) -> c_int {
    // SAFETY: the caller's list, as the caller promises it; this library's own pointer to the
    // function is the C library's.
    unsafe {
        match libc::posix_spawn_file_actions_init(list) {
            0 => match libc::posix_spawn_file_actions_adddup2(list, NOTHING.load(Relaxed), 0) {
                0 => 0,
                errno => {
                    libc::posix_spawn_file_actions_destroy(list);
                    errno
                }
            },
            errno => errno,
        }
    }
}

/// Called by the dynamic loader for each library: replaces the pointer if the library is std.
unsafe extern "C" fn look_at(
    library: *mut libc::dl_phdr_info,
    _size: usize,
    _data: *mut c_void,
) -> c_int {
    // SAFETY: the loader's description of a loaded library, valid during the call.
    unsafe {
        let library = &*library;
        if library.dlpi_name.is_null()
            || !CStr::from_ptr(library.dlpi_name)
                .to_string_lossy()
                .contains("/libstd-")
        {
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

/// Replaces the pointer between `start` and `end`, which the loader has made read-only, all but
/// what stands on the last page that begins there and does not end.
unsafe fn replace(start: usize, end: usize) {
    let old = libc::posix_spawn_file_actions_init as *const () as usize;
    let new = begin_list as *const () as usize;
    // SAFETY: the caller's promise that this is mapped memory of a library, which stays loaded. A
    // word in it that equals the function's address is a pointer to it: nothing else there has
    // such a value, and the type of the new function is the same. One aligned store replaces it, so
    // another thread that reads it sees one or the other.
    unsafe {
        let page = libc::sysconf(libc::_SC_PAGESIZE) as usize;
        for place in (start.next_multiple_of(8)..end.saturating_sub(7)).step_by(8) {
            let word = place as *mut usize;
            if word.read() != old {
                continue;
            }
            let first = place & !(page - 1);
            let protected = first + page <= end;
            if protected
                && libc::mprotect(first as *mut _, page, libc::PROT_READ | libc::PROT_WRITE) != 0
            {
                continue;
            }
            word.write_volatile(new);
            if protected {
                libc::mprotect(first as *mut _, page, libc::PROT_READ);
            }
        }
    }
}
