//! `cargo lab`.

use anyhow::Result;
use clap::{Parser, Subcommand};
use lab::home::Home;
use lab::installed::Installed;
use lab::{grade, hub, install, launcher, open, pictures, programs, run, setup, site};
use std::path::Path;
use std::process::ExitCode;

/// Notebooks that teach processes, threads, IO and async in Rust
#[derive(Parser)]
#[command(
    version,
    bin_name = "cargo lab",
    after_help = "Without a command: sets up what is missing and opens JupyterLab.\nWhat stands behind `--` goes to JupyterLab: cargo lab -- --no-browser --port 8899"
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Task>,
    /// Arguments for JupyterLab
    #[arg(last = true)]
    jupyter: Vec<String>,
}

#[derive(Subcommand)]
enum Task {
    /// Set up what is missing, and nothing else
    Setup(setup::Options),
    /// Execute notebooks without a browser: all of them, or those that are named
    Run(run::Options),
    /// Grade submissions of the assignments
    Grade(grade::Options),
    /// Install the kernel for many users, who need no clone and change nothing in it
    Install(install::Options),
    /// Make pages for a browser of the notebooks as they were last run
    Site(site::Options),
    /// Start JupyterHub for a room of students: see hub/README.md
    Hub(hub::Options),
    /// Make an assignment that works, to be changed
    NewAssignment(grade::new::Options),
    #[command(hide = true)]
    Sandbox(grade::SandboxOptions),
    #[command(hide = true)]
    Confine(grade::ConfineOptions),
    #[command(hide = true)]
    ReadSolutions(grade::ReaderOptions),
    #[command(hide = true)]
    TakeSolutions(grade::TakeOptions),
    #[command(hide = true)]
    Kernel(launcher::Options),
    #[command(hide = true)]
    Warden(launcher::WardenOptions),
}

fn main() -> ExitCode {
    if let Some(code) = lab::shims::act() {
        return code;
    }
    match obey(Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            // What was wrong, then why: the error and its causes in one line.
            eprintln!("cargo lab: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn obey(cli: Cli) -> Result<ExitCode> {
    match &cli.command {
        Some(Task::Kernel(options)) => return Ok(exit_code(launcher::launch(options)?)),
        Some(Task::Warden(options)) => return Ok(exit_code(launcher::watch(options)?)),
        Some(Task::Sandbox(options)) => {
            return Ok(exit_code(grade::enter(options)?));
        }
        Some(Task::Confine(options)) => {
            grade::confine(options)?;
            return Ok(ExitCode::FAILURE);
        }
        Some(Task::ReadSolutions(options)) => {
            grade::read_solutions(options)?;
            return Ok(ExitCode::SUCCESS);
        }
        Some(Task::TakeSolutions(options)) => {
            println!("{}", grade::take_solutions(options)?);
            return Ok(ExitCode::SUCCESS);
        }
        Some(Task::NewAssignment(options)) => {
            let written = grade::new::new_assignment(options, &Home::of_this_program()?)?;
            eprintln!(
                "{} is an assignment that works: change it, and try it with `cargo lab grade {}`",
                written.display(),
                written.display()
            );
            return Ok(ExitCode::SUCCESS);
        }
        Some(Task::Install(options)) => {
            install::install(options, &Home::of_this_program()?)?;
            return Ok(ExitCode::SUCCESS);
        }
        Some(Task::Site(options)) => {
            let home = Home::of_this_program()?;
            let first = site::build(options, &home, &setup::python(&home)?)?;
            eprintln!("The pages begin at {}", first.display());
            return Ok(ExitCode::SUCCESS);
        }
        Some(Task::Hub(options)) => {
            let home = Home::of_this_program()?;
            hub::open(options, &home, &setup::python(&home)?)?;
            return Ok(ExitCode::SUCCESS);
        }
        Some(Task::Setup(_) | Task::Run(_) | Task::Grade(_)) | None => {}
    }
    let home = Home::of_this_program()?;
    // Who grades with a set-up that is another's, as a teacher on a hub, takes it as it is.
    if let Some(Task::Grade(options)) = &cli.command
        && home.require_writable().is_err()
    {
        let installed = Installed::read(&home)?;
        return Ok(ExitCode::from(grade::grade(options, &home, &installed)?));
    }
    let options = match &cli.command {
        Some(Task::Setup(options)) => *options,
        _ => setup::Options::default(),
    };
    let environment = setup::set_up(&home, options)?;
    match cli.command {
        Some(Task::Setup(_)) => eprintln!("Everything is set up: `cargo lab` opens the notebooks."),
        Some(Task::Run(options)) => {
            let environment = run::Environment {
                notebooks: home.notebooks(),
                kernel_dirs: vec![environment.prefix.join("share/jupyter")],
                jupyter: Some(environment.program("jupyter")),
            };
            let summary = run::run(&options, &environment)?;
            let is_ours = |path: &Path| {
                let path = path.canonicalize().unwrap_or_default();
                path.starts_with(home.notebooks())
            };
            let saved = options.save && !summary.failed();
            if saved && summary.notebooks.iter().any(|it| is_ours(&it.path)) {
                pictures::refresh(&home)?;
                programs::refresh(&home)?;
            }
            return Ok(ExitCode::from(summary.exit_code()));
        }
        Some(Task::Grade(options)) => {
            let installed = Installed::read(&home)?;
            return Ok(ExitCode::from(grade::grade(&options, &home, &installed)?));
        }
        _ => open::open(&home, &environment, &cli.jupyter)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn exit_code(code: i32) -> ExitCode {
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}
