use super::*;

/// A chunk of these numbers.
fn chunk(job: &Arc<Job>, first: usize, length: usize) -> Chunk {
    let mut chunk = Chunk::new(Arc::clone(job), first);
    for _ in 0..length {
        chunk.add(&mut |_| Ok(())).unwrap();
    }
    chunk
}

/// Hands out all that can be: `(seat, numbers)`.
fn hand_out(book: &mut Book, now: Instant) -> Vec<(usize, Vec<usize>)> {
    let chunks = std::iter::from_fn(|| {
        let (seat, chunk) = book.hand_out(now)?;
        Some((seat, chunk.clone()))
    });
    chunks
        .map(|(seat, mut chunk)| (seat, std::iter::from_fn(|| chunk.pop()).collect()))
        .collect()
}

fn number(task: Option<Task>) -> Option<usize> {
    task.map(|(_, number)| number)
}

#[test]
fn five_long_tasks_on_four_workers_the_fifth_goes_to_the_first_who_is_free() {
    let (mut book, job, now) = (Book::new(4), Job::new(), Instant::now());
    for n in 0..5 {
        book.add(chunk(&job, n, 1));
    }
    let handed = hand_out(&mut book, now);
    assert_eq!(
        handed,
        [(0, vec![0]), (1, vec![1]), (2, vec![2]), (3, vec![3])]
    );
    let later = now + Duration::from_millis(20);
    assert_eq!(number(book.done(2, later)), Some(2));
    assert_eq!(hand_out(&mut book, later), [(2, vec![4])]);
    for (seat, task) in [(0, 0), (2, 4), (1, 1), (3, 3)] {
        assert!(!book.is_idle());
        assert_eq!(number(book.done(seat, later)), Some(task));
    }
    assert!(book.is_idle());
}

#[test]
fn who_does_a_chunk_quickly_is_given_the_next_one_in_advance_while_many_wait() {
    let (mut book, job, now) = (Book::new(2), Job::new(), Instant::now());
    for n in 0..6 {
        book.add(chunk(&job, 2 * n, 2));
    }
    assert_eq!(hand_out(&mut book, now), [(0, vec![0, 1]), (1, vec![2, 3])]);
    let later = now + Duration::from_micros(10);
    assert_eq!(number(book.done(0, later)), Some(0));
    assert!(
        hand_out(&mut book, later).is_empty(),
        "its chunk is not done"
    );
    assert_eq!(number(book.done(0, later)), Some(1));
    // The other one may be at a long task. Then two wait, for two workers.
    let handed = hand_out(&mut book, later);
    assert_eq!(handed, [(0, vec![4, 5]), (0, vec![6, 7])]);
    for n in 4..8 {
        assert_eq!(number(book.done(0, later)), Some(n));
    }
    assert_eq!(hand_out(&mut book, later), [(0, vec![8, 9])]);
}

#[test]
fn who_takes_long_is_given_nothing_in_advance() {
    let (mut book, job, now) = (Book::new(1), Job::new(), Instant::now());
    for n in 0..4 {
        book.add(chunk(&job, n, 1));
    }
    assert_eq!(hand_out(&mut book, now), [(0, vec![0])]);
    let later = now + Duration::from_millis(5);
    assert_eq!(number(book.done(0, later)), Some(0));
    assert_eq!(hand_out(&mut book, later), [(0, vec![1])]);
    assert_eq!(number(book.done(0, later)), Some(1));
    assert_eq!(hand_out(&mut book, later), [(0, vec![2])]);
}

#[test]
fn a_death_costs_the_task_that_had_begun_and_the_others_come_first_again() {
    let (mut book, job, now) = (Book::new(2), Job::new(), Instant::now());
    book.add(chunk(&job, 100, 1));
    hand_out(&mut book, now);
    assert_eq!(number(book.done(0, now)), Some(100));
    for n in 0..6 {
        book.add(chunk(&job, 3 * n, 3));
    }
    let handed = hand_out(&mut book, now);
    assert_eq!(
        handed,
        [(0, vec![0, 1, 2]), (1, vec![3, 4, 5]), (0, vec![6, 7, 8])]
    );
    assert_eq!(number(book.done(0, now)), Some(0));
    // Its third task, 1, was begun; of the second chunk, 6 to 8, nothing.
    assert_eq!(number(book.died(0, 3)), Some(1));
    assert_eq!(book.seats[0].done, 0, "its successor counts anew");
    assert_eq!(hand_out(&mut book, now), [(0, vec![2])]);
    // Dies between two tasks: nothing is lost.
    assert_eq!(number(book.done(0, now)), Some(2));
    let handed = hand_out(&mut book, now);
    assert_eq!(handed, [(0, vec![6, 7, 8]), (0, vec![9, 10, 11])]);
    assert_eq!(number(book.died(0, 1)), None);
    // Dies without having begun.
    assert_eq!(hand_out(&mut book, now), [(0, vec![6, 7, 8])]);
    assert_eq!(number(book.died(0, 0)), None);
    assert_eq!(hand_out(&mut book, now), [(0, vec![6, 7, 8])]);
    // Dies idle, with all in.
    for n in [6, 7, 8] {
        assert_eq!(number(book.done(0, now)), Some(n));
    }
    assert_eq!(number(book.died(0, 3)), None);
    let rest: Vec<usize> = book.clear().into_iter().map(|(_, number)| number).collect();
    assert_eq!(rest, [3, 4, 5, 9, 10, 11, 12, 13, 14, 15, 16, 17]);
    assert!(book.is_idle());
}

#[test]
fn a_result_that_nobody_asked_for_is_nobodys() {
    let mut book = Book::new(1);
    assert!(book.done(0, Instant::now()).is_none());
    assert_eq!(book.seats[0].done, 0);
}

#[test]
fn workers_that_never_begin_are_replaced_a_few_times_only() {
    let (mut book, job, now) = (Book::new(2), Job::new(), Instant::now());
    book.add(chunk(&job, 0, 1));
    let mut deaths = 0;
    while !book.is_hopeless() {
        hand_out(&mut book, now);
        assert!(book.died(0, 0).is_none());
        deaths += 1;
    }
    assert_eq!(deaths, 7);
    hand_out(&mut book, now);
    assert_eq!(number(book.died(0, 1)), Some(0), "this one had begun");
    assert!(!book.is_hopeless());
}

#[test]
fn what_nobody_waits_for_is_not_begun() {
    let (mut book, job, other, now) = (Book::new(1), Job::new(), Job::new(), Instant::now());
    book.add(chunk(&job, 0, 1));
    book.add(chunk(&job, 1, 1));
    book.add(chunk(&other, 7, 1));
    assert_eq!(hand_out(&mut book, now), [(0, vec![0])]);
    job.abandon();
    assert_eq!(number(book.done(0, now)), Some(0));
    assert_eq!(hand_out(&mut book, now), [(0, vec![7])]);
}
