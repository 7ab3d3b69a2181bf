//! The program that tries every schedule of a solution.
//!
//! It is linked of three: the student's text with the teacher's scenarios, a crate of its own that is
//! compiled with `explored-std` in the places of `std`, `core`, `alloc` and `support`, and with `unsafe`
//! forbidden; `schedules`, which searches and has the line to the judge; and a `main` that knows both.
//! The student's crate has a name for nothing but `explored-std`, and none for the search's side: what
//! it cannot name it cannot call.

use super::bounded::bounded;
use super::compiler::{self, NotCompiled};
use super::group::Group;
use super::judged::{Bench, COMPILER_MEMORY, COMPILING};
use super::sandbox::Limits;
use super::source;
use super::submission::Submission;
use super::workshop::{Workshop, compile};
use anyhow::Result;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
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
        let [crates, host_crates, libraries, inside, toolchain] = self.shown([
            (&shop.crates, "/crates"),
            (&shop.host_crates, "/host-crates"),
            (&shop.explored, "/explored"),
            (&sources, "/source"),
            (&shop.sysroot, "/toolchain"),
        ]);
        // Nothing outside can be written to, and the program comes out through stdout.
        let out = match self.sandbox {
            true => PathBuf::from("/tmp"),
            false => work.join("explored-out"),
        };
        if !self.sandbox {
            fs::create_dir(&out)?;
        }
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
        for file in fs::read_dir(&sources)?.flatten() {
            fs::set_permissions(file.path(), Permissions::from_mode(0o644))?;
        }
        fs::set_permissions(&sources, Permissions::from_mode(0o755))?;
        let limits = Limits::of_a_compiler(self.user);
        let group = self.group("explored", COMPILER_MEMORY / 4 * 5, &limits);
        let rustc = toolchain.1.join("bin/rustc");
        let arguments = ["lib.args", "main.args"].map(|name| {
            let file = inside.1.join(name);
            format!("@{}", file.display())
        });
        let shown = [crates, host_crates, libraries, inside, toolchain];
        let mut sandbox = self.sandboxed(&limits, &shown, None, group.as_ref());
        sandbox.args([
            "--compiler",
            "--",
            "/bin/sh",
            "-c",
            compiler::SCRIPT,
            "compile",
        ]);
        sandbox.arg(out.join("made"));
        // The library, then the program.
        sandbox.args(["/bin/sh", "-c", "\"$0\" \"$1\" && \"$0\" \"$2\""]);
        sandbox.arg(rustc).args(arguments);
        let program = work.join("explored");
        let limit = COMPILING * self.patience;
        let mut ran = bounded(&mut sandbox, limit, COMPILER_MEMORY, &program)?;
        if ran.succeeded == Some(true) {
            fs::set_permissions(&program, Permissions::from_mode(0o755))?;
            return Ok(Some(Ok(program)));
        }
        ran.too_much_memory |= group.as_ref().is_some_and(Group::took_all_memory);
        let not = compiler::why_not(&ran, limit, &lines);
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
