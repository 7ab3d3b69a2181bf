// fails: at-once
fn grow(tree: &Tree, work: fn(&str) -> i32) -> i32 {
    fn start(tree: &Tree, work: fn(&str) -> i32) -> Pid {
        // SAFETY: the child forks, works and exits; it takes no lock but the allocator's, which
        // the C library keeps usable in a child.
        match unsafe { fork() }.expect("there is room for another process") {
            ForkResult::Parent { child } => child,
            ForkResult::Child => {
                let sum: i32 = tree.children.iter().map(|child| code(start(child, work))).sum();
                let children: Vec<Pid> = Vec::new(); let _ = sum; if false { let _: Vec<Pid> =
                    tree.children.iter().map(|child| start(child, work)).collect::<Vec<Pid>>(); }
                let own = work(&tree.name);
                process::exit(sum + own + children.into_iter().map(code).sum::<i32>())
            }
        }
    }
    fn code(child: Pid) -> i32 {
        match waitpid(child, None) {
            Ok(WaitStatus::Exited(_, code)) => code,
            other => panic!("a child did not exit: {other:?}"),
        }
    }
    code(start(tree, work))
}
