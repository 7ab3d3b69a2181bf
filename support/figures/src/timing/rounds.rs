//! Runs contenders in rounds.

use std::time::{Duration, Instant};

use super::{Sweep, Timing, Timings};

/// A name and what to run.
pub type Contender<'a> = (&'a str, &'a mut dyn FnMut());

/// How often to run what is measured; made by [`rounds`].
///
/// ```
/// let timing = figures::timing::rounds(3).time("nothing", &mut || ());
/// assert_eq!(timing.samples().len(), 3);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rounds {
    rounds: usize,
    warm_up: usize,
}

/// Measures each contender in 11 rounds after one to warm up. See [`Rounds::compare`].
///
/// ```
/// let timings = figures::timing::compare(&mut [("one", &mut || ()), ("other", &mut || ())]);
/// assert_eq!(timings.of("one").samples().len(), 11);
/// ```
pub fn compare(contenders: &mut [Contender]) -> Timings {
    rounds(11).compare(contenders)
}

/// How long one run takes. Blocks as long.
///
/// ```
/// use std::time::Duration;
///
/// let time = figures::timing::once(&mut || std::thread::sleep(Duration::from_millis(1)));
/// assert!(time >= Duration::from_millis(1));
/// ```
pub fn once(work: &mut dyn FnMut()) -> Duration {
    let begin = Instant::now();
    work();
    begin.elapsed()
}

/// Measures in so many rounds, at least one, after one round that does not count.
///
/// ```
/// let timings = figures::timing::rounds(5).compare(&mut [("nothing", &mut || ())]);
/// assert_eq!(timings.of("nothing").samples().len(), 5);
/// ```
pub fn rounds(rounds: usize) -> Rounds {
    Rounds {
        rounds: rounds.max(1),
        warm_up: 1,
    }
}

impl Rounds {
    /// With so many rounds that do not count, before the others.
    ///
    /// ```
    /// let mut runs = 0;
    /// figures::timing::rounds(2).warm_up(3).time("counter", &mut || runs += 1);
    /// assert_eq!(runs, 5);
    /// ```
    pub fn warm_up(&self, rounds: usize) -> Rounds {
        Rounds {
            warm_up: rounds,
            ..*self
        }
    }

    /// Runs every contender once a round, in every other round the other way about.
    ///
    /// Blocks until all rounds are done. A panic of a contender is the caller's.
    ///
    /// ```
    /// use std::time::Duration;
    /// use std::thread;
    /// use figures::timing;
    ///
    /// let timings = timing::rounds(3).compare(&mut [
    ///     ("short", &mut || thread::sleep(Duration::from_millis(1))),
    ///     ("long", &mut || thread::sleep(Duration::from_millis(10))),
    /// ]);
    /// assert!(timings.of("long").min() >= Duration::from_millis(10));
    /// ```
    pub fn compare(&self, contenders: &mut [Contender]) -> Timings {
        let mut samples = vec![Vec::new(); contenders.len()];
        self.alternate(contenders.len(), &mut |place, counts| {
            let time = once(contenders[place].1);
            if counts {
                samples[place].push(time);
            }
        });
        let names = contenders.iter().map(|(name, _)| *name);
        let timings = names.zip(samples);
        Timings::new(
            timings
                .map(|(name, samples)| Timing::new(name, samples))
                .collect(),
        )
    }

    /// Measures one thing. As [`Rounds::compare`].
    ///
    /// ```
    /// let timing = figures::timing::rounds(3).time("nothing", &mut || ());
    /// assert!(timing.min() <= timing.median() && timing.median() <= timing.max());
    /// ```
    pub fn time(&self, name: &str, work: &mut dyn FnMut()) -> Timing {
        self.compare(&mut [(name, work)]).list()[0].clone()
    }

    /// Measures `work` for each of `values`, in rounds that go through them up and down.
    ///
    /// `parameter` names what is swept: "workers". Blocks until all rounds are done.
    ///
    /// ```
    /// let sweep = figures::timing::rounds(3).sweep("numbers", &[10, 100], &mut |n| {
    ///     assert!((0..n).sum::<usize>() > 0);
    /// });
    /// assert_eq!(sweep.of(100).samples().len(), 3);
    /// ```
    pub fn sweep(&self, parameter: &str, values: &[usize], work: &mut dyn FnMut(usize)) -> Sweep {
        let mut samples = vec![Vec::new(); values.len()];
        self.alternate(values.len(), &mut |place, counts| {
            let time = once(&mut || work(values[place]));
            if counts {
                samples[place].push(time);
            }
        });
        let timing =
            |(value, samples): (&usize, _)| (*value, Timing::new(&value.to_string(), samples));
        Sweep::new(parameter, values.iter().zip(samples).map(timing).collect())
    }

    /// Calls `run` with a place and whether that run counts.
    fn alternate(&self, places: usize, run: &mut dyn FnMut(usize, bool)) {
        for round in 0..self.warm_up + self.rounds {
            let counts = round >= self.warm_up;
            for place in 0..places {
                let back = round % 2 == 1;
                run(if back { places - 1 - place } else { place }, counts);
            }
        }
    }
}
