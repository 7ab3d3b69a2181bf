//! What goes in and what comes out.

use std::cell::Cell;
use std::sync::atomic::Ordering::SeqCst;

use processes::pool::TaskError;
use processes::{Pool, codec};
use serde::{Deserialize, Serialize, Serializer, ser::Error};
use serde_bytes::ByteBuf;

use crate::help::{shared, within};

#[test]
fn results_stand_in_the_order_of_the_items_whatever_the_chunks() {
    within(|| {
        let pool = Pool::new(3, |n: u32| n * n);
        for length in [0, 1, 2, 7, 100, 5000] {
            let squares: Vec<u32> = (0..length).map(|n| n * n).collect();
            assert_eq!(pool.map(0..length).unwrap(), squares);
            assert_eq!(
                pool.map((0..length).filter(|_| true)).unwrap(),
                squares,
                "length unknown"
            );
            for chunk in [0, 1, 3, 1000, 100_000] {
                assert_eq!(
                    pool.chunks_of(chunk).map(0..length).unwrap(),
                    squares,
                    "{chunk}"
                );
            }
            let imap: Vec<_> = pool
                .chunks_of(4)
                .imap(0..length)
                .map(|(_, it)| it.unwrap())
                .collect();
            assert_eq!(imap, squares);
            let mut any: Vec<_> = pool
                .imap_unordered(0..length)
                .map(|(n, it)| (n, it.unwrap()))
                .collect();
            any.sort();
            assert_eq!(any, squares.iter().copied().enumerate().collect::<Vec<_>>());
        }
    });
}

#[test]
fn each_item_is_done_once() {
    within(|| {
        let times = shared(3000);
        let pool = Pool::new(3, |n: usize| times[n].fetch_add(1, SeqCst));
        assert_eq!(pool.map(0..3000).unwrap(), [0; 3000]);
        assert!(times.iter().all(|times| times.load(SeqCst) == 1));
    });
}

#[test]
fn imap_takes_items_only_a_little_ahead_of_its_results() {
    within(|| {
        let taken = Cell::new(0);
        let pool = Pool::new(2, |n: u32| n);
        let items = (0..).inspect(|_| taken.set(taken.get() + 1));
        for (n, (number, result)) in pool.imap(items).take(500).enumerate() {
            assert_eq!((number, result), (n, Ok(n as u32)));
            assert!(taken.get() <= n + 1 + 64, "{} taken, {n} done", taken.get());
        }
        // What was under way hinders nobody.
        assert_eq!(pool.apply(7), Ok(7));
    });
}

#[test]
fn the_first_to_be_done_comes_first() {
    within(|| {
        let go = shared(1);
        // Item 0 is not done before the result of item 3 is here.
        let pool = Pool::new(2, move |n: u32| {
            while n == 0 && go[0].load(SeqCst) == 0 {
                std::thread::yield_now();
            }
            n
        });
        let results = pool.imap_unordered(0..4);
        let order = results.map(|(number, _)| {
            go[0].fetch_or(u32::from(number == 3), SeqCst);
            number
        });
        assert_eq!(order.collect::<Vec<usize>>(), [1, 2, 3, 0]);
    });
}

#[test]
fn a_result_comes_while_its_worker_is_at_the_next_task() {
    within(|| {
        let go = shared(1);
        let pool = Pool::new(1, move |n: u32| {
            while n == 9 && go[0].load(SeqCst) == 0 {
                std::thread::yield_now();
            }
            n
        });
        // All in one chunk: 9 does not end before the results of the others are there.
        let mut results = pool.chunks_of(10).imap(0..10);
        for n in 0..9 {
            assert_eq!(results.next(), Some((n, Ok(n as u32))));
        }
        go[0].store(1, SeqCst);
        assert_eq!(results.next(), Some((9, Ok(9))));
        assert_eq!(results.next(), None);
    });
}

#[test]
fn large_items_and_large_results_do_not_block_each_other() {
    within(|| {
        let pool = Pool::new(2, |bytes: ByteBuf| {
            ByteBuf::from(bytes.iter().map(|byte| !byte).collect::<Vec<u8>>())
        });
        let megabytes = |n: usize| ByteBuf::from(vec![n as u8; n << 20]);
        for chunk in [1, 5] {
            for (n, result) in pool.chunks_of(chunk).imap((0..10).map(megabytes)) {
                let result = result.unwrap();
                assert_eq!(result.len(), n << 20);
                assert!(result.iter().all(|&byte| byte == !(n as u8)));
            }
        }
        // Small and large in turns: whole, and in pieces.
        let pool = Pool::new(2, move |n: usize| {
            ByteBuf::from(vec![n as u8; if n.is_multiple_of(3) { n * 97 } else { 5 }])
        });
        for (n, result) in pool.map(0..2000).unwrap().into_iter().enumerate() {
            assert_eq!(result.len(), if n.is_multiple_of(3) { n * 97 } else { 5 });
            assert!(result.iter().all(|&byte| byte == n as u8));
        }
    });
}

#[test]
fn a_panic_is_reported_and_its_worker_goes_on() {
    within(|| {
        let pool = Pool::new(1, move |n: u32| {
            assert_ne!(n, 2, "two is one too many");
            std::process::id()
        });
        let workers = pool.workers();
        let outcomes = pool.outcomes(0..5);
        for (n, outcome) in outcomes.into_iter().enumerate() {
            match outcome {
                Ok(pid) => assert_eq!((n == 2, [pid as i32]), (false, [workers[0]])),
                Err(TaskError::Panicked(message)) => {
                    assert_eq!(n, 2);
                    assert!(
                        message.ends_with("two is one too many\n  left: 2\n right: 2"),
                        "{message}"
                    );
                }
                Err(failed) => panic!("{failed}"),
            }
        }
        assert_eq!(pool.workers(), workers);
        let odd = Pool::new(1, |(): ()| -> () { std::panic::panic_any(7) });
        assert_eq!(
            odd.apply(()),
            Err(TaskError::Panicked("(a value that is not text)".into()))
        );
    });
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "serde")]
struct Word {
    text: String,
    count: Option<u64>,
}

#[test]
fn structs_travel() {
    within(|| {
        let pool = Pool::new(2, |mut word: Word| {
            word.count = Some(word.text.chars().count() as u64);
            word
        });
        let words = ["process", "进程"].map(|text| Word {
            text: text.into(),
            count: None,
        });
        let [first, second]: [Word; 2] = pool.map(words).unwrap().try_into().unwrap();
        assert_eq!((first.count, second.count), (Some(7), Some(2)));
    });
}

/// Cannot be encoded if it is odd.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(crate = "serde")]
struct Even(u32);

impl Serialize for Even {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 % 2 == 1 {
            return Err(S::Error::custom(format!("{} is odd", self.0)));
        }
        serializer.serialize_newtype_struct("Even", &self.0)
    }
}

#[test]
fn what_cannot_be_encoded_is_said() {
    within(|| {
        let odd = |n| {
            let error = codec::append(&Even(n), &mut Vec::new()).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("the value cannot be sent: {n} is odd")
            );
            TaskError::NotSent(error)
        };
        let results = Pool::new(2, Even).outcomes(0..5);
        assert_eq!(
            results,
            [
                Ok(Even(0)),
                Err(odd(1)),
                Ok(Even(2)),
                Err(odd(3)),
                Ok(Even(4))
            ]
        );
        let pool = Pool::new(2, |even: Even| even.0);
        for chunk in [1, 2, 10] {
            let results = pool.chunks_of(chunk).outcomes((0..5).map(Even));
            assert_eq!(results, [Ok(0), Err(odd(1)), Ok(2), Err(odd(3)), Ok(4)]);
        }
        assert_eq!(pool.apply_async(Even(1)).get(), Err(odd(1)));
        assert_eq!(pool.map((0..4).map(Even)), Err(odd(1)));
    });
}

#[test]
fn several_threads_use_one_pool() {
    within(|| {
        let pool = Pool::new(2, |n: u64| n + 1);
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let pool = &pool;
                scope.spawn(move || {
                    let numbers = || (1000 * thread..).take(300);
                    let pending: Vec<_> = numbers().map(|n| pool.apply_async(n)).collect();
                    assert!(
                        pool.map(numbers())
                            .unwrap()
                            .into_iter()
                            .eq(numbers().map(|n| n + 1))
                    );
                    assert!(
                        pending
                            .into_iter()
                            .map(|it| it.get().unwrap())
                            .eq(numbers().map(|n| n + 1))
                    );
                });
            }
        });
    });
}
