//! The litmus tests of the literature, each with relaxed, release/acquire and sequentially consistent
//! operations: the explorer's set of outcomes is the language's, but for what it says that it leaves out.

use std::sync::atomic::Ordering::{self, Acquire, Relaxed, Release, SeqCst};

use super::axioms::permitted;
use super::small::{Act, Outcome, Small};

const X: usize = 0;
const Y: usize = 1;
const Z: usize = 2;

/// By name: who does what, and the outcome that the test is about: what the reads gave, and the last
/// values.
type Litmus = (&'static str, Vec<Vec<(usize, Option<u32>)>>, Outcome, Found);

/// With which orders that outcome is found: relaxed, release/acquire, sequentially consistent; and with
/// which the language permits it.
struct Found {
    here: [bool; 3],
    permitted: [bool; 3],
}

fn found(both: [bool; 3]) -> Found {
    Found {
        here: both,
        permitted: both,
    }
}

fn r(place: usize) -> (usize, Option<u32>) {
    (place, None)
}

fn w(place: usize, value: u32) -> (usize, Option<u32>) {
    (place, Some(value))
}

fn litmus() -> Vec<Litmus> {
    let o = |reads: &[&[u32]], last: &[u32]| -> Outcome {
        (reads.iter().map(|it| it.to_vec()).collect(), last.to_vec())
    };
    let never = [false; 3];
    vec![
        (
            "SB, store buffering",
            vec![vec![w(X, 1), r(Y)], vec![w(Y, 1), r(X)]],
            o(&[&[0], &[0]], &[1, 1]),
            found([true, true, false]),
        ),
        (
            "MP, message passing",
            vec![vec![w(X, 1), w(Y, 1)], vec![r(Y), r(X)]],
            o(&[&[], &[1, 0]], &[1, 1]),
            found([true, false, false]),
        ),
        (
            "LB, load buffering",
            vec![vec![r(X), w(Y, 1)], vec![r(Y), w(X, 1)]],
            o(&[&[1], &[1]], &[1, 1]),
            Found {
                here: never,
                permitted: [true, false, false],
            },
        ),
        (
            "CoRR",
            vec![vec![w(X, 1)], vec![r(X), r(X)]],
            o(&[&[], &[1, 0]], &[1]),
            found(never),
        ),
        (
            "CoWW",
            vec![vec![w(X, 1), w(X, 2)]],
            o(&[&[]], &[1]),
            found(never),
        ),
        (
            "CoRW",
            vec![vec![r(X), w(X, 1)], vec![w(X, 2)]],
            o(&[&[2], &[]], &[2]),
            found(never),
        ),
        (
            "CoWR",
            vec![vec![w(X, 1), r(X)], vec![w(X, 2)]],
            o(&[&[2], &[]], &[1]),
            found(never),
        ),
        (
            "IRIW, independent reads of independent writes",
            vec![
                vec![w(X, 1)],
                vec![w(Y, 1)],
                vec![r(X), r(Y)],
                vec![r(Y), r(X)],
            ],
            o(&[&[], &[], &[1, 0], &[1, 0]], &[1, 1]),
            found([true, true, false]),
        ),
        (
            "2+2W",
            vec![vec![w(X, 1), w(Y, 2)], vec![w(Y, 1), w(X, 2)]],
            o(&[&[], &[]], &[1, 1]),
            Found {
                here: never,
                permitted: [true, true, false],
            },
        ),
        (
            "WRC, write to read causality",
            vec![vec![w(X, 1)], vec![r(X), w(Y, 1)], vec![r(Y), r(X)]],
            o(&[&[], &[1], &[1, 0]], &[1, 1]),
            found([true, false, false]),
        ),
        (
            "RWC, read to write causality",
            vec![vec![w(X, 1)], vec![r(X), r(Y)], vec![w(Y, 1), r(X)]],
            o(&[&[], &[1, 0], &[0]], &[1, 1]),
            found([true, true, false]),
        ),
        (
            "ISA2",
            vec![
                vec![w(X, 1), w(Y, 1)],
                vec![r(Y), w(Z, 1)],
                vec![r(Z), r(X)],
            ],
            o(&[&[], &[1], &[1, 0]], &[1, 1, 1]),
            found([true, false, false]),
        ),
        (
            "R",
            vec![vec![w(X, 1), w(Y, 1)], vec![w(Y, 2), r(X)]],
            o(&[&[], &[0]], &[1, 2]),
            found([true, true, false]),
        ),
        (
            "S",
            vec![vec![w(X, 2), w(Y, 1)], vec![r(Y), w(X, 1)]],
            o(&[&[], &[1]], &[2, 1]),
            Found {
                here: never,
                permitted: [true, false, false],
            },
        ),
    ]
}

fn program(shape: &[Vec<(usize, Option<u32>)>], load: Ordering, store: Ordering) -> Small {
    let places = shape.iter().flatten().map(|(place, _)| place + 1).max();
    let act = |(place, value): &(usize, Option<u32>)| match value {
        Some(value) => Act::Store(*place, *value, store),
        None => Act::Load(*place, load),
    };
    Small {
        threads: shape
            .iter()
            .map(|acts| acts.iter().map(act).collect())
            .collect(),
        places: places.unwrap_or(0),
    }
}

#[test]
fn the_sets_of_outcomes_are_the_languages() {
    for (
        name,
        shape,
        outcome,
        Found {
            here,
            permitted: by,
        },
    ) in litmus()
    {
        let orders = [(Relaxed, Relaxed), (Acquire, Release), (SeqCst, SeqCst)];
        for (place, (load, store)) in orders.into_iter().enumerate() {
            let program = program(&shape, load, store);
            let (explored, permitted) = (program.outcomes(), permitted(&program));
            assert_eq!(explored, permitted.modelled, "{name}: {program}");
            assert_eq!(
                explored.contains(&outcome),
                here[place],
                "{name}: {program}"
            );
            assert_eq!(
                permitted.all.contains(&outcome),
                by[place],
                "{name}: {program}"
            );
            // Where nothing is left out of this test, nothing is missing.
            if here == by {
                assert_eq!(explored, permitted.all, "{name}: {program}");
            }
        }
    }
}

/// Fences put between relaxed operations do what the orders do.
#[test]
fn fences_make_relaxed_operations_what_they_order() {
    for (name, shape, outcome, Found { here, .. }) in litmus() {
        for (fence, place) in [(Release, 1), (SeqCst, 2)] {
            let mut program = program(&shape, Relaxed, Relaxed);
            for thread in &mut program.threads {
                let mut fenced = Vec::new();
                for act in thread.drain(..) {
                    if !fenced.is_empty() {
                        if fence == Release {
                            fenced.push(Act::Fence(Acquire));
                        }
                        fenced.push(Act::Fence(fence));
                    }
                    fenced.push(act);
                }
                *thread = fenced;
            }
            let (explored, permitted) = (program.outcomes(), permitted(&program));
            assert_eq!(explored, permitted.modelled, "{name}: {program}");
            assert_eq!(
                explored.contains(&outcome),
                here[place],
                "{name}: {program}"
            );
        }
    }
}
