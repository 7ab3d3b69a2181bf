use super::*;

const NAME: &str = "rust-notebooks";

/// A clone, and a place outside of it.
fn place(folder: &Path) -> (Home, Result<Place>) {
    let clone = folder.join("clone");
    fs::create_dir_all(clone.join("support")).expect("a writable folder");
    fs::write(clone.join("support/Cargo.toml"), "").expect("a writable folder");
    let clone = Home::at(&clone).expect("a repository");
    let place = Place::of(&at(&folder.join("prefix")), NAME, &clone);
    (clone, place)
}

fn at(prefix: &Path) -> Where {
    Where {
        prefix: Some(prefix.to_owned()),
        user: false,
        sys_prefix: false,
    }
}

/// An installation as far as this module sees it.
fn make(place: &Place) -> PathBuf {
    let folder = place.next().expect("a folder");
    let kernelspec = folder.join(JUPYTER).join("kernels").join(&place.name);
    fs::create_dir_all(&kernelspec).expect("a writable folder");
    fs::create_dir(folder.join(".lab")).expect("a writable folder");
    fs::write(folder.join(".lab").join(template::LOCK), "").expect("a writable folder");
    let number = folder.file_name().expect("a number").to_string_lossy();
    fs::write(kernelspec.join("kernel.json"), &*number).expect("a writable folder");
    folder
}

/// Which one Jupyter finds.
fn found(place: &Place) -> String {
    fs::read_to_string(place.kernelspec().join("kernel.json")).expect("a kernelspec")
}

fn numbers(place: &Place) -> Vec<u64> {
    let numbered = place.numbered().expect("a folder").into_iter();
    let mut numbers: Vec<_> = numbered.map(|(number, _)| number).collect();
    numbers.sort_unstable();
    numbers
}

#[test]
fn a_new_one_takes_the_place_of_the_old_which_stays_while_a_kernel_runs_on_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let place = place(folder.path()).1.expect("a place");
    let lock = place.begin().expect("a writable folder");
    let first = make(&place);
    place.take_into_use(&first).expect("links");
    assert_eq!(found(&place), "1");
    // As a kernel holds it, who may only read it.
    let kernel = File::open(first.join(".lab").join(template::LOCK)).expect("a file");
    kernel.lock_shared().expect("a lock");
    // What an interrupted one has left.
    make(&place);
    place.remove_unused();
    assert_eq!(numbers(&place), [1]);
    let second = make(&place);
    assert_eq!(found(&place), "1");
    place.take_into_use(&second).expect("links");
    assert_eq!(found(&place), "2");
    place.remove_unused();
    assert_eq!(numbers(&place), [1, 2]);
    drop(kernel);
    place.remove_unused();
    assert_eq!(numbers(&place), [2]);
    assert_eq!(found(&place), "2");
    // It is this place's kernelspec, and can be renewed again.
    place.require_own_kernelspec().expect("its own");
    let other = place.begin().expect_err("one at a time").to_string();
    assert!(
        other.contains("another installation is being made in"),
        "{other}"
    );
    drop(lock);
    place.begin().expect("the other has ended");
}

#[test]
fn another_programs_kernel_is_left_alone() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (clone, first) = place(folder.path());
    let there = first.expect("a place").kernelspec();
    fs::create_dir_all(&there).expect("a writable folder");
    let said = place(folder.path()).1.err().expect("an error").to_string();
    assert!(
        said.contains("is another program's kernel: choose another --name"),
        "{said}"
    );
    fs::remove_dir(&there).expect("a folder");
    // Also one that is a link that leads elsewhere, or nowhere.
    symlink("/nowhere", &there).expect("a writable folder");
    assert!(Place::of(&at(&folder.path().join("prefix")), NAME, &clone).is_err());
}

#[test]
fn the_clone_is_no_place_however_it_is_called() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (clone, _) = place(folder.path());
    let link = folder.path().join("link");
    symlink(&clone.root, &link).expect("a writable folder");
    for prefix in [clone.root.join("new/folder"), link.join("new"), link] {
        let said = Place::of(&at(&prefix), NAME, &clone)
            .err()
            .expect("an error")
            .to_string();
        assert!(said.contains("is in the repository"), "{said}");
    }
}

#[test]
fn names_are_those_that_jupyter_takes() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (clone, _) = place(folder.path());
    let prefix = at(&folder.path().join("prefix"));
    for name in ["rust", "rust-notebooks", "Rust_2.1"] {
        assert!(Place::of(&prefix, name, &clone).is_ok(), "{name}");
    }
    for name in ["", ".", "..", "a/b", "a b", ".hidden"] {
        assert!(Place::of(&prefix, name, &clone).is_err(), "{name}");
    }
}

#[test]
fn everybody_reads_and_only_the_owner_writes_whatever_the_umask_was() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let inner = folder.path().join("a");
    fs::create_dir(&inner).expect("a writable folder");
    let [text, program] = ["text", "program"].map(|name| inner.join(name));
    for (file, mode) in [(&text, 0o660), (&program, 0o700)] {
        fs::write(file, "").expect("a writable folder");
        fs::set_permissions(file, fs::Permissions::from_mode(mode)).expect("a file");
    }
    symlink("/etc/hosts", inner.join("link")).expect("a writable folder");
    let of = |path: &Path| path.metadata().expect("a file").permissions().mode() & 0o777;
    let outside = of(Path::new("/etc/hosts"));
    let_all_read(folder.path()).expect("its owner's");
    assert_eq!(
        [folder.path(), &inner, &text, &program].map(of),
        [0o755, 0o755, 0o644, 0o755]
    );
    assert_eq!(of(Path::new("/etc/hosts")), outside);
}
