//! Values in memory that real processes share.

use std::io::{Read, Write};

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::Pid;
use processes::{Counter, Shared};

mod forked;

use forked::ended_well;

/// A child that runs `work` and exits with 0.
fn child(work: impl FnOnce()) -> Pid {
    forked::child(|| {
        work();
        true
    })
}

#[test]
fn no_update_is_lost() {
    let (sum, counter) = (Shared::new((0u64, [0u32; 100])), Counter::new(-5));
    let work = || {
        for _ in 0..20_000 {
            sum.update(|(sum, array)| {
                *sum += 1;
                array.iter_mut().for_each(|element| *element += 1);
            });
            counter.add(1);
        }
    };
    let children: Vec<Pid> = (0..4).map(|_| child(work)).collect();
    work();
    children.into_iter().for_each(ended_well);
    assert_eq!(sum.get(), (100_000, [100_000; 100]));
    assert_eq!(counter.get(), 100_000 - 5);
}

#[test]
fn an_update_cut_short_never_happened() {
    let shared = Shared::new([0u8; 1000]);
    for n in 1..=200 {
        let (mut told, mut report) = std::io::pipe().unwrap();
        let victim = child(|| {
            shared.update(|array| {
                array[..500].fill(255);
                report.write_all(b"!").unwrap();
                loop {
                    std::thread::park();
                }
            })
        });
        told.read_exact(&mut [0]).unwrap();
        kill(victim, Signal::SIGKILL).unwrap();
        waitpid(victim, None).unwrap();
        assert_eq!(shared.get(), [n - 1; 1000]);
        shared.set([n; 1000]);
    }
}

#[test]
fn killed_at_any_moment_a_value_is_whole() {
    let shared = Shared::new([0u64; 512]);
    let mut latest = 0;
    for _ in 0..200 {
        let victim = child(|| {
            loop {
                shared.update(|array| array.iter_mut().for_each(|element| *element += 1));
            }
        });
        // It has done some.
        while shared.get()[0] < latest + 10 {
            std::thread::yield_now();
        }
        kill(victim, Signal::SIGKILL).unwrap();
        waitpid(victim, None).unwrap();
        let array = shared.get();
        assert!(array.iter().all(|element| *element == array[0]));
        latest = array[0];
    }
}

#[test]
fn a_panic_in_an_update_leaves_the_value_and_frees_the_lock() {
    let shared = Shared::new(7);
    let panicked = std::panic::catch_unwind(|| {
        shared.update(|n| {
            *n = 8;
            panic!("in the middle");
        })
    });
    assert!(panicked.is_err());
    assert_eq!(shared.get(), 7);
    ended_well(child(|| shared.set(9)));
    assert_eq!(shared.get(), 9);
}

#[test]
fn an_update_within_an_update_is_a_panic_and_no_wait_without_end() {
    let shared = Shared::new(7);
    let panicked = std::panic::catch_unwind(|| shared.update(|n| *n += shared.get()));
    let message = *panicked.unwrap_err().downcast::<&str>().unwrap();
    assert!(
        message.contains("must not use the same value again"),
        "{message}"
    );
    assert_eq!(shared.get(), 7);
}

#[test]
fn values_of_each_size_and_alignment() {
    assert_eq!(Shared::new(()).clone().get(), ());
    assert_eq!(Shared::new([1u128; 3]).get(), [1; 3]);
    assert_eq!(
        Shared::new((true, 'x', 0.5f32, [7i8; 5])).get(),
        (true, 'x', 0.5, [7; 5])
    );
    let large = Shared::new([3u64; 100_000]);
    large.update(|array| array[99_999] = 4);
    assert_eq!(large.get()[99_998..], [3, 4]);
    assert_eq!(Shared::new(None::<u8>).get(), None);
}
