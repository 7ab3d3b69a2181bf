// fails: parents waits
fn grow(tree: &Tree, work: fn(&str) -> i32) -> i32 {
    fn all<'a>(tree: &'a Tree, into: &mut Vec<&'a Tree>) { into.push(tree); for c in &tree.children { all(c, into); } }
    let mut nodes = Vec::new();
    all(tree, &mut nodes);
    let pids: Vec<Pid> = nodes.iter().map(|node| match unsafe { fork() }.unwrap() {
        ForkResult::Parent { child } => child,
        ForkResult::Child => process::exit(work(&node.name)),
    }).collect();
    pids.into_iter().map(|pid| match waitpid(pid, None) { Ok(WaitStatus::Exited(_, c)) => c, _ => 0 }).sum()
}
