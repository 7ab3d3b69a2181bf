//! Mends what a cell becomes, before the compiler gets it.
//!
//! For each cell evcxr writes a whole program: every item of the session again, in an order that
//! differs from session to session, and then the cell's statements. What follows from that and is not
//! so in any program that a reader knows, is mended here, in the text:
//!
//! - [`statics`]: a `static` is one object for all cells;
//! - [`variables`]: a variable whose type has been defined anew is gone, rather than read as what it is not;
//! - [`awaits`]: a top-level `.await` is the session's own runtime's;
//! - [`stdin`]: a cell that reads stdin does not wait for ever;
//! - [`runtime`]: what evcxr has each bring along is compiled once;
//! - [`doubles`]: an `impl` that is run again takes the place of the one before;
//! - macros are known before and behind the place where they are defined.
//!
//! Everything stays in its line, as rustc's messages are told by lines. evcxr's own text is put back
//! when the compiler is done: it compares that with the next one.

mod awaits;
mod doubles;
mod items;
mod runtime;
mod state;
mod statics;
mod stdin;
#[cfg(test)]
mod tests;
mod text;
mod variables;

use self::items::Items;
use self::state::State;
use self::text::Edits;
use crate::stock;
use anyhow::{Context, Result};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::command::Paths;
use super::direct::Version;

/// The file, beside the kernel's build directory, with the cell that is compiled, as evcxr got it.
pub const CELL: &str = "cell.rs";

/// In the items of each session that has `support`, whose runtime and libc some of this is made with.
const LOADED: &str = "support::kernel::loaded";

/// A program as it is compiled, in the place of evcxr's own for as long as this lives.
pub struct Mended {
    folder: PathBuf,
    source: PathBuf,
    /// As evcxr wrote it, and when that was.
    original: String,
    pub version: Version,
    /// As it stands there now.
    written: Option<String>,
    /// The cell as evcxr got it; empty where nobody says.
    cell: String,
    shares: Shares,
    before: State,
    /// What is known once this has been compiled.
    after: State,
    statics: statics::Mended,
}

/// What is done about statics.
#[derive(Clone, Debug, PartialEq)]
enum Shares {
    /// Nothing: the linker cannot be told.
    Nothing,
    /// All but these, which only the cell's own compilation can use.
    AllBut(BTreeSet<String>),
    /// Those of earlier cells; the cell's own are not yet for others. Its text is as it was typed.
    Earlier,
}

impl Mended {
    /// What stands in the build directory, as it is. Where the linker `can_link` nothing more than it is
    /// told by cargo, statics will stay as they are.
    ///
    /// # Errors
    /// When the program cannot be read.
    pub fn of(paths: &Paths, can_link: bool) -> Result<Mended> {
        let source = paths.build.join(stock::SOURCE);
        let version = Version::of(&source)?;
        let original = std::fs::read_to_string(&source)
            .with_context(|| format!("{} cannot be read", source.display()))?;
        let before = State::read(&paths.folder);
        Ok(Mended {
            cell: std::fs::read_to_string(paths.folder.join(CELL)).unwrap_or_default(),
            folder: paths.folder.clone(),
            source,
            original,
            version,
            written: None,
            shares: match can_link {
                true => Shares::AllBut(BTreeSet::new()),
                false => Shares::Nothing,
            },
            after: before.clone(),
            before,
            statics: statics::Mended::default(),
        })
    }

    /// Mends it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn mend(&mut self) -> Result<()> {
        let mut edits = Edits::default();
        self.after = self.before.clone();
        self.statics = statics::Mended::default();
        let (items, program) = self
            .original
            .split_at(stock::program::items(&self.original));
        let wanted = doubles::may_be_in(items)
            || statics::may_be_in(items)
            || variables::may_be_in(items, program)
            || items.contains("macro_rules!");
        // What is no Rust is rustc's to tell.
        if let Some(items) = wanted.then(|| Items::parse(items)).flatten() {
            doubles::mend(&items, &self.cell, &mut self.after, &mut edits);
            self.statics = statics::mend(
                &items,
                &self.cell,
                &self.shares,
                &mut self.after,
                &mut edits,
            );
            variables::mend(
                &items,
                &self.original,
                items.text.len(),
                &mut self.after,
                &mut edits,
            );
            edits.append(&items.macros_by_path());
        }
        if items.contains(LOADED) {
            stdin::mend(&self.original, items.len(), &mut edits);
            awaits::mend(&self.original, items.len(), &mut edits);
            runtime::mend(&self.original, &mut edits);
        }
        let text = edits.apply(&self.original);
        if self.written.as_ref().unwrap_or(&self.original) != &text {
            std::fs::write(&self.source, &text)
                .with_context(|| format!("{} cannot be written", self.source.display()))?;
            self.written = Some(text);
        }
        Ok(())
    }

    /// What rustc is told besides: the libraries of the cells whose statics are used.
    pub fn arguments(&self) -> Vec<String> {
        let libraries = self.statics.libraries.iter();
        libraries
            .flat_map(|library| ["-C".to_owned(), format!("link-arg={}", library.display())])
            .collect()
    }

    /// The compiler did not take it, and said why. Returns whether there is another text to try: a
    /// static may be of a kind that cannot be shared, and what is told has to be told of the text
    /// as it was typed.
    ///
    /// # Errors
    /// When the program cannot be written.
    pub fn is_refused(&mut self, messages: &str) -> Result<bool> {
        let next = match &self.shares {
            Shares::AllBut(own) => {
                let mut all = self.statics.not_to_be_shared(messages);
                all.extend(own.iter().cloned());
                if all.len() > own.len() {
                    Shares::AllBut(all)
                } else if self.statics.moves_text {
                    Shares::Earlier
                } else {
                    return Ok(false);
                }
            }
            Shares::Earlier | Shares::Nothing => return Ok(false),
        };
        self.shares = next;
        self.mend()?;
        Ok(true)
    }

    /// The compiler took it and made `library` of it, which will be loaded.
    pub fn is_made(&mut self, library: &Path) {
        // Without it, the next cells have statics of their own.
        let _ = self
            .statics
            .keep(library, &self.folder, &mut self.after.statics);
        if self.after != self.before {
            let _ = self.after.write(&self.folder);
        }
    }
}

impl Mended {
    /// The compiler is done: evcxr's own text stands there again.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put_back(&mut self) -> Result<()> {
        match self.written.take() {
            Some(_) => std::fs::write(&self.source, &self.original)
                .with_context(|| format!("{} cannot be written", self.source.display())),
            None => Ok(()),
        }
    }
}

impl Drop for Mended {
    fn drop(&mut self) {
        // evcxr writes its own anew where it finds another.
        let _ = self.put_back();
    }
}
