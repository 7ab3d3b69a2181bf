//! Who decides wherever an execution could go on in several ways.

use super::chunks::Touched;
use super::schedule::Turn;

/// The choices of one execution, and how the next one differs.
#[derive(Clone)]
pub(super) enum Chooser {
    /// All of them, depth first.
    All { path: Vec<Choice>, at: usize },
    /// Each as likely as the others.
    Random { first: u64, state: u64 },
    /// As a text says; behind its end, the first of what there is.
    Given {
        turns: Vec<Turn>,
        at: usize,
        picked: usize,
    },
}

#[derive(Clone)]
pub(super) struct Choice {
    taken: u32,
    of: u32,
    /// What had been done up to it, and what could be done next.
    trail: u64,
    /// Of a reduced search: what each step that was tried here had to do with.
    tried: Vec<Touched>,
}

impl Chooser {
    pub fn all() -> Chooser {
        let path = Vec::new();
        Chooser::All { path, at: 0 }
    }

    pub fn random(seed: u64) -> Chooser {
        Chooser::Random {
            first: seed,
            state: seed,
        }
    }

    pub fn given(turns: Vec<Turn>) -> Chooser {
        Chooser::Given {
            turns,
            at: 0,
            picked: 0,
        }
    }

    /// Which of these threads takes the next step: a place in the list. `trail` stands for all that
    /// was done so far.
    ///
    /// # Errors
    ///
    /// Why the execution cannot be what it was before.
    pub fn thread(&mut self, threads: &[usize], trail: u64) -> Result<usize, String> {
        let Chooser::Given { turns, at, picked } = self else {
            return self.among(threads.len(), trail);
        };
        let Some(turn) = turns.get(*at) else {
            return Ok(0);
        };
        (*at, *picked) = (*at + 1, 0);
        threads.iter().position(|it| *it == turn.thread).ok_or_else(|| {
            format!(
                "the schedule does not fit this program: its step {at} is thread {}'s, which cannot \
                 go on there (those that can: {threads:?})",
                turn.thread
            )
        })
    }

    /// Which of `of` things happens within a step.
    pub fn pick(&mut self, of: usize, trail: u64) -> Result<usize, String> {
        let Chooser::Given { turns, at, picked } = self else {
            return self.among(of, trail);
        };
        let picks = at.checked_sub(1).and_then(|last| turns.get(last));
        let pick = picks.and_then(|turn| turn.picks.get(*picked)).copied();
        *picked += 1;
        let pick = pick.unwrap_or(0);
        if pick < of {
            Ok(pick)
        } else {
            Err(format!(
                "the schedule does not fit this program: its step {at} picks {pick}, of {of} counted \
                 from 0"
            ))
        }
    }

    fn among(&mut self, of: usize, trail: u64) -> Result<usize, String> {
        match self {
            // Nothing to remember where there is nothing to choose.
            _ if of == 1 => Ok(0),
            Chooser::All { path, at } => {
                let place = *at;
                *at += 1;
                match path.get(place) {
                    None => path.push(Choice {
                        taken: 0,
                        of: of as u32,
                        trail,
                        tried: Vec::new(),
                    }),
                    Some(before) if (before.of as usize, before.trail) == (of, trail) => {}
                    Some(_) => return Err(unrepeatable()),
                }
                Ok(path[place].taken as usize)
            }
            Chooser::Random { state, .. } => Ok((split_mix(state) % of as u64) as usize),
            Chooser::Given { .. } => Ok(0),
        }
    }

    /// What the steps that were tried at the last choice had to do with: all but the one that is tried
    /// now.
    pub fn tried(&self) -> &[Touched] {
        match self {
            Chooser::All { path, at } => {
                let last = at.checked_sub(1).and_then(|last| path.get(last));
                last.map_or(&[], |last| &last.tried[..last.taken as usize])
            }
            _ => &[],
        }
    }

    /// Which choice was the last.
    pub fn place(&self) -> Option<usize> {
        match self {
            Chooser::All { at, .. } => at.checked_sub(1),
            _ => None,
        }
    }

    /// The step that is tried at this choice had to do with that.
    pub fn note(&mut self, place: usize, touched: &Touched) {
        if let Chooser::All { path, .. } = self
            && let Some(choice) = path.get_mut(place)
        {
            let taken = choice.taken as usize;
            choice.tried.resize_with(taken + 1, Touched::default);
            choice.tried[taken].join(touched);
        }
    }

    pub fn is_given(&self) -> bool {
        matches!(self, Chooser::Given { .. })
    }

    /// Whether an execution that is over has met all the choices that it was to repeat.
    pub fn is_met(&self) -> bool {
        match self {
            Chooser::All { path, at } => *at == path.len(),
            _ => true,
        }
    }

    /// As at the beginning of the whole search.
    pub fn anew(mut self) -> Chooser {
        if let Chooser::All { path, .. } = &mut self {
            path.clear();
        }
        self.rewind();
        self
    }

    /// To the beginning of the same execution.
    pub fn rewind(&mut self) {
        match self {
            Chooser::All { at, .. } => *at = 0,
            Chooser::Random { first, state } => *state = *first,
            Chooser::Given { at, picked, .. } => (*at, *picked) = (0, 0),
        }
    }

    /// To the next execution; false if there is none.
    pub fn advance(&mut self) -> bool {
        self.rewind();
        match self {
            Chooser::All { path, .. } => {
                while let Some(last) = path.last_mut() {
                    last.taken += 1;
                    if last.taken < last.of {
                        return true;
                    }
                    path.pop();
                }
                false
            }
            Chooser::Random { first, state } => {
                *first = split_mix(state);
                *state = *first;
                true
            }
            Chooser::Given { .. } => false,
        }
    }
}

pub(super) fn unrepeatable() -> String {
    "the program does not do the same again under the same schedule: it depends on something that \
     the explorer does not see (the time, random numbers, a HashMap's order, a static, a real \
     thread)"
        .to_string()
}

/// Steele, Lea and Flood's SplitMix64: enough for picking, and the same everywhere.
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
