fn grow(tree: &Tree, _: fn(&str) -> i32) -> i32 {
    tree.children.len() as i32
}
