//! `tools broken` or `tools right`: one run of the program, for
//! ThreadSanitizer or Miri to watch.

fn main() {
    let orders = match std::env::args().nth(1).as_deref() {
        Some("broken") => tools::BROKEN,
        Some("right") => tools::RIGHT,
        _ => {
            eprintln!("say `broken` or `right`");
            std::process::exit(2);
        }
    };
    println!("1 + 1 = {}", tools::two_add(orders));
}
