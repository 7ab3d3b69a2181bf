//! How coroutines end, and that bad use is an error of one sentence.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::{Rc, Weak};

use super::{Finally, Log, panic_of};
use support::coroutine::{CloseError, Coroutine, State, Stop, Yielder};

#[test]
fn a_panic_reaches_who_resumed_it_and_the_coroutine_is_over() {
    let log = Log::default();
    let inside = log.clone();
    let unlucky: Coroutine<u32> = Coroutine::new(move |co| {
        let _finally = Finally(inside, "finally");
        co.yield_(1);
        panic!("no {}", "luck");
    });
    assert_eq!(unlucky.next(), Ok(1));
    assert_eq!(panic_of(|| unlucky.next()), "no luck");
    assert_eq!(log.lines(), ["finally"]);
    assert_eq!(unlucky.next(), Err(Stop::Over(State::Panicked)));
    assert_eq!(unlucky.close(), Ok(()));
    assert!(!std::thread::panicking());
}

#[test]
fn each_misuse_is_told_in_one_sentence() {
    let one: Coroutine<u32, u32> = Coroutine::new(|co| {
        co.yield_(1);
    });
    let told = one.send(1).unwrap_err().to_string();
    assert_eq!(
        told,
        "the coroutine has not started, so no yield waits for the value: call next() first"
    );
    one.next().unwrap();
    one.close().unwrap();
    let told = one.next().unwrap_err().to_string();
    assert_eq!(
        told,
        "the coroutine was closed: make a new one to begin again"
    );
    let told = one.close().unwrap_err().to_string();
    assert_eq!(told, "the coroutine was closed before: close it once");
    let own: Rc<Coroutine<String>> = Rc::new_cyclic(|own: &Weak<Coroutine<String>>| {
        let own = own.clone();
        Coroutine::new(move |co| {
            let told = own.upgrade().unwrap().next().unwrap_err().to_string();
            co.yield_(told);
            (&*own.upgrade().unwrap()).into_iter().for_each(drop);
        })
    });
    let told = "the coroutine is running: nothing that its body calls can resume or close it";
    assert_eq!(own.next().unwrap(), told);
    assert_eq!(panic_of(|| own.next()), told, "a for loop over itself");
}

#[test]
fn what_was_sent_in_vain_is_dropped() {
    let value = Rc::new(());
    let one: Coroutine<(), Rc<()>> = Coroutine::new(|co| {
        co.yield_(());
    });
    one.send(Rc::clone(&value)).unwrap_err();
    assert_eq!(Rc::strong_count(&value), 1);
    one.next().unwrap();
    assert_eq!(one.send(Rc::clone(&value)), Err(Stop::Returned(())));
    one.send(Rc::clone(&value)).unwrap_err();
    assert_eq!(Rc::strong_count(&value), 1);
}

#[test]
fn values_are_dropped_once_wherever_the_coroutine_ends() {
    let value = Rc::new(());
    for resumes in 0..4 {
        let captured = Rc::clone(&value);
        let gen_: Coroutine<Rc<()>, (), Rc<()>> = Coroutine::new(move |co| {
            let on_the_stack = Rc::clone(&captured);
            co.yield_(Rc::clone(&captured));
            co.yield_(on_the_stack);
            captured
        });
        for _ in 0..resumes {
            let _ = gen_.next();
        }
        drop(gen_);
        assert_eq!(Rc::strong_count(&value), 1, "after {resumes} resumes");
    }
}

/// Yields from a destructor.
struct Last<'a>(&'a Yielder<'a, u32>, Log);

impl Drop for Last<'_> {
    fn drop(&mut self) {
        let got = self.0.yield_(7);
        self.1.push(format!("{got:?}"));
    }
}

#[test]
fn a_destructor_yields_unless_the_body_is_unwound() {
    let body = |log: &Log, panics: bool| {
        let log = log.clone();
        Coroutine::<u32>::new(move |co| {
            let _last = Last(co, log);
            co.yield_(1);
            assert!(!panics, "the body panics");
        })
    };
    // The ordinary end: it is a yield like any other.
    let log = Log::default();
    assert_eq!(body(&log, false).into_iter().collect::<Vec<_>>(), [1, 7]);
    // Closed: the yield does not wait, the rest of the body is unwound all the same.
    let closed = body(&log, false);
    closed.next().unwrap();
    assert_eq!(closed.close(), Err(CloseError::Yielded));
    assert_eq!(closed.state(), State::Closed);
    // Dropped, in the same way, and without a word.
    let dropped = body(&log, false);
    dropped.next().unwrap();
    drop(dropped);
    // A panic goes through, with nothing handed out on its way.
    let panicked = body(&log, true);
    panicked.next().unwrap();
    assert_eq!(panic_of(|| panicked.next()), "the body panics");
    assert!(!std::thread::panicking());
    assert_eq!(log.lines(), ["None"; 4]);
}

#[test]
fn a_coroutine_can_be_used_while_its_user_unwinds() {
    struct Uses(Log);
    impl Drop for Uses {
        fn drop(&mut self) {
            let gen_: Coroutine<u32> = Coroutine::new(|co| {
                co.yield_(1);
                co.yield_(2);
            });
            self.0.push(gen_.next().unwrap());
            // The second is left: it is closed in the midst of the unwinding.
        }
    }
    let log = Log::default();
    let uses = Uses(log.clone());
    let panic = panic_of(move || {
        let _uses = uses;
        panic!("outside");
    });
    assert_eq!(
        (panic.as_str(), log.lines()),
        ("outside", vec!["1".to_string()])
    );
}

/// Whoever drops it may be unwinding: the exit is the coroutine's own all the same.
#[test]
fn a_destructor_does_not_yield_when_the_coroutine_is_dropped_in_an_unwinding() {
    let log = Log::default();
    let inside = log.clone();
    let dropped: Coroutine<u32> = Coroutine::new(move |co| {
        let _finally = Finally(inside.clone(), "finally");
        let _last = Last(co, inside);
        co.yield_(1);
    });
    dropped.next().unwrap();
    let panic = panic_of(move || {
        let _dropped = dropped;
        panic!("outside");
    });
    assert_eq!(panic, "outside");
    assert!(!std::thread::panicking());
    assert_eq!(log.lines(), ["None", "finally"]);
}

/// As above, and the body catches its exit: what it yields then is no destructor's.
#[test]
fn a_body_that_goes_on_after_its_exit_is_left_in_an_unwinding_too() {
    let stubborn: Coroutine<u32> = Coroutine::new(|co| {
        loop {
            let _ = catch_unwind(AssertUnwindSafe(|| co.yield_(1)));
        }
    });
    stubborn.next().unwrap();
    let panic = panic_of(move || {
        let _stubborn = stubborn;
        panic!("outside");
    });
    assert_eq!(panic, "outside");
    assert!(!std::thread::panicking());
}

#[test]
fn one_that_never_lets_itself_be_closed_ends_no_other() {
    let kept = Rc::new(());
    let inside = Rc::clone(&kept);
    let immortal: Coroutine<u32> = Coroutine::new(move |co| {
        let _inside = inside;
        loop {
            let _ = catch_unwind(AssertUnwindSafe(|| co.yield_(1)));
        }
    });
    immortal.next().unwrap();
    assert_eq!(immortal.close(), Err(CloseError::Yielded));
    assert_eq!(immortal.next(), Ok(1));
    drop(immortal);
    // It cannot be unwound, so what it holds stays.
    assert_eq!(Rc::strong_count(&kept), 2);
}

#[test]
fn coroutines_nest_and_each_yields_to_its_own_resumer() {
    fn depth(n: u32) -> Coroutine<u32> {
        Coroutine::new(move |co| {
            co.yield_(n);
            if n > 0 {
                depth(n - 1).into_iter().for_each(|m| {
                    co.yield_(m);
                });
            }
        })
    }
    assert_eq!(
        depth(20).into_iter().collect::<Vec<_>>(),
        (0..=20).rev().collect::<Vec<_>>()
    );
}

#[test]
fn threads_have_coroutines_of_their_own() {
    let sum = |n: u64| {
        Coroutine::<u64>::new(move |co| {
            (0..n).for_each(|n| {
                co.yield_(n);
            })
        })
        .into_iter()
        .sum::<u64>()
    };
    let threads: Vec<_> = (0..4)
        .map(|_| std::thread::spawn(move || sum(1000)))
        .collect();
    assert!(
        threads
            .into_iter()
            .all(|thread| thread.join().unwrap() == 499_500)
    );
}
