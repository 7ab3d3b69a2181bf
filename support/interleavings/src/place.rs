//! Where something is in the program, for people.

#[cfg(feature = "pictures")]
use std::panic::Location;

/// Whether this program is an evcxr session.
pub(super) fn in_cell() -> bool {
    std::env::var_os("EVCXR_IS_RUNTIME").is_some()
}

/// The text of a file of the program.
#[cfg(feature = "pictures")]
fn source(file: &'static str) -> Option<String> {
    if let Some(build) = std::env::var_os("EVCXR_TMPDIR").filter(|_| in_cell()) {
        // Every cell has a file of the same name. Its text is kept under the inode of its library, and
        // the name itself lies in that library.
        let address = file.as_ptr() as usize;
        let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
        let inode = maps.lines().find_map(|line| {
            let mut words = line.split_whitespace();
            let (from, to) = words.next()?.split_once('-')?;
            let bound = |text| usize::from_str_radix(text, 16).ok();
            let is_in = (bound(from)?..bound(to)?).contains(&address);
            is_in.then(|| words.nth(3)).flatten()
        })?;
        let kept = std::path::Path::new(&build).parent()?.join("sources");
        return std::fs::read_to_string(kept.join(format!("{inode}.rs"))).ok();
    }
    // A path is relative to where cargo was, which may be further up.
    let here = std::env::current_dir().ok()?;
    let mut above = here.ancestors();
    above.find_map(|folder| std::fs::read_to_string(folder.join(file)).ok())
}

/// The text of a line of the program, where it can be read, with its place; only the text in a cell,
/// whose file is the kernel's.
#[cfg(feature = "pictures")]
pub(super) fn line(at: &'static Location<'static>) -> String {
    let source = source(at.file()).unwrap_or_default();
    let text = source.lines().nth(at.line() as usize - 1);
    let text = text.map(str::trim).unwrap_or_default();
    match (in_cell(), text) {
        (true, text) => text.to_string(),
        (false, "") => format!("{}:{}", at.file(), at.line()),
        (false, text) => format!("{text}  ({}:{})", at.file(), at.line()),
    }
}
