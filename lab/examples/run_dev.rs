use clap::Parser;
#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    options: lab::run::Options,
}
fn main() {
    let cli = Cli::parse();
    let var = |n: &str| std::env::var_os(n).map(std::path::PathBuf::from);
    let environment = lab::run::Environment {
        notebooks: var("DEV_NOTEBOOKS").unwrap_or("notebooks".into()),
        kernel_dirs: var("DEV_KERNELS").into_iter().collect(),
        jupyter: var("DEV_JUPYTER"),
    };
    match lab::run::run(&cli.options, &environment) {
        Ok(summary) => std::process::exit(summary.exit_code().into()),
        Err(error) => {
            eprintln!("error: {error:#}");
            std::process::exit(1)
        }
    }
}
