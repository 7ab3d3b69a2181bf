//! The program that tries every schedule of a solution.
//!
//! It is linked of three: the student's text with the teacher's scenarios, a crate of its own that is
//! compiled with `explored-std` in the places of `std`, `core`, `alloc` and `support`, and with `unsafe`
//! forbidden; `schedules`, which searches and has the line to the judge; and a `main` that knows both.
//! The student's crate has a name for nothing but `explored-std`, and none for the search's side: what
//! it cannot name it cannot call.

use super::compiler::NotCompiled;
use super::compiling::Compilation;
use super::judged::Bench;
use super::source;
use super::submission::Submission;
use super::workshop::{Workshop, compile};
use anyhow::Result;
use std::fs;
use std::path::{Path, PathBuf};

/// The crates that `explored-std` stands for, wherever a text names them.
const REPLACED: [&str; 5] = ["std", "core", "alloc", "support", "proc_macro"];

/// The crates' sources, below the project's root, in the order in which they are compiled.
pub const SOURCES: [&str; 2] = ["judge/explored-std/src", "judge/schedules/src"];

/// Compiles what every such program is linked with. The search is compiled well, for it is run often.
///
/// # Errors
/// When one of the crates does not compile.
pub fn build(workshop: &Workshop, root: &Path) -> Result<()> {
    let folder = &workshop.explored;
    let unfinished = folder.with_extension("unfinished");
    let _ = fs::remove_dir_all(&unfinished);
    fs::create_dir_all(&unfinished)?;
    let outside = |name: &str| format!("--extern={name}={}", workshop.rlib(name).display());
    let ours = |name: &str| {
        let file = unfinished.join(format!("lib{name}.rlib"));
        format!("--extern={name}={}", file.display())
    };
    let search = [
        "--cfg=feature=\"opaque\"".to_owned(),
        "--check-cfg=cfg(feature, values(\"opaque\", \"pictures\"))".to_owned(),
        outside("corosensei"),
    ];
    let std = [ours("interleavings")];
    let line = [
        ours("interleavings"),
        outside("libc"),
        outside("rmp_serde"),
        outside("serde"),
    ];
    let crates: [(&str, &str, &[String]); 3] = [
        ("interleavings", "support/interleavings/src", &search),
        ("explored_std", SOURCES[0], &std),
        ("schedules", SOURCES[1], &line),
    ];
    for (name, sources, flags) in crates {
        let mut rustc = workshop.bare_rustc();
        rustc.args([
            "--crate-type=rlib",
            "-Copt-level=3",
            "--cap-lints=allow",
            "--crate-name",
            name,
        ]);
        rustc
            .args(flags)
            .arg(format!("-Ldependency={}", unfinished.display()));
        rustc
            .arg("--out-dir")
            .arg(&unfinished)
            .arg(root.join(sources).join("lib.rs"));
        compile(&mut rustc, &format!("{name} ({sources})"))?;
    }
    fs::rename(unfinished, folder)?;
    Ok(())
}

impl Bench<'_> {
    /// The program; `Err` inside: why the solution cannot be compiled so.
    pub fn compile_explored(
        &self,
        submission: &Submission,
        work: &Path,
    ) -> Result<Option<Result<PathBuf, NotCompiled>>> {
        let Some(scenarios) = &self.assignment.scenarios else {
            return Ok(None);
        };
        let sources = work.join("explored-source");
        fs::create_dir(&sources)?;
        let lines = source::write_explored(&sources, self.assignment, submission, scenarios)?;
        let shop = self.workshop;
        let shown = self.shown([
            (&shop.crates, "/crates"),
            (&shop.host_crates, "/host-crates"),
            (&shop.explored, "/explored"),
            (&sources, "/source"),
            (&shop.sysroot, "/toolchain"),
        ]);
        let [crates, host_crates, libraries, inside, toolchain] = &shown;
        let out = self.out(work.join("explored-out"))?;
        let mut common = vec![
            "--edition=2024".to_owned(),
            "--error-format=json".to_owned(),
        ];
        common.push("-Cdebuginfo=0".to_owned());
        for folder in [&crates.1, &host_crates.1, &libraries.1, &out] {
            common.push(format!("-Ldependency={}", folder.display()));
        }
        // Lints are not capped, as that would lift what is forbidden.
        let mut library = [
            "--crate-name=scenarios",
            "--crate-type=rlib",
            "-Funsafe_code",
            "-Awarnings",
        ]
        .map(str::to_owned)
        .to_vec();
        // As the kernel has it: an overflow is a panic.
        library.extend(["-Copt-level=1", "-Cdebug-assertions=yes"].map(str::to_owned));
        let ours = libraries.1.join("libexplored_std.rlib");
        library.extend(REPLACED.map(|name| format!("--extern={name}={}", ours.display())));
        library.push(format!("--out-dir={}", out.display()));
        library.push(inside.1.join("lib.rs").display().to_string());
        let mut program = vec![
            "--crate-name=explored".to_owned(),
            "--cap-lints=allow".to_owned(),
        ];
        let own = out.join("libscenarios.rlib");
        let schedules = libraries.1.join("libschedules.rlib");
        program.push(format!("--extern=scenarios={}", own.display()));
        program.push(format!("--extern=schedules={}", schedules.display()));
        program.push(format!("-o{}", out.join("made").display()));
        program.push(inside.1.join("main.rs").display().to_string());
        for (name, arguments) in [("lib.args", library), ("main.args", program)] {
            let all = [&common[..], &arguments[..]].concat();
            fs::write(sources.join(name), all.join("\n"))?;
        }
        // The library, then the program.
        let mut command = ["/bin/sh", "-c", "\"$0\" \"$1\" && \"$0\" \"$2\""]
            .map(str::to_owned)
            .to_vec();
        command.push(toolchain.1.join("bin/rustc").display().to_string());
        command.extend(["lib.args", "main.args"].map(|name| {
            let file = inside.1.join(name);
            format!("@{}", file.display())
        }));
        let compilation = Compilation {
            name: "explored",
            sources: &sources,
            shown: &shown,
            out: &out,
            command,
            lines: &lines,
        };
        let compiled = self.compiled(compilation, &work.join("explored"))?;
        let not = match compiled.program {
            Ok(program) => return Ok(Some(Ok(program))),
            Err(not) => not,
        };
        let why = not.reason;
        // `static SUM: Mutex<u64> = Mutex::new(0)` is right outside.
        let hint = match why.contains("E0015") && why.contains("in statics") {
            true => ": what threads share has to be made anew in each schedule, so not in a static",
            false => "",
        };
        let reason = format!("with the explorer's std, {why}{hint}");
        Ok(Some(Err(NotCompiled { reason, ..not })))
    }
}
