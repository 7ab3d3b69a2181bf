//! What one execution did, step by step: kept only of the one that is reported.

use std::panic::Location;

/// A stretch of steps during which a thread held or waited for something.
pub(super) struct Stretch {
    pub thread: usize,
    pub what: String,
    pub from: usize,
    pub to: Option<usize>,
}

#[derive(Clone)]
pub(super) struct Row {
    pub thread: usize,
    /// The step's number, counted from 1.
    pub step: usize,
    /// What it did, short enough for a picture.
    pub label: String,
    /// The rest of it.
    pub detail: String,
    /// The step whose value, message or lock it took over, and whether what that one knew came with it.
    pub from: Option<(usize, bool)>,
    /// It took a lock: the picture shows how long it was held.
    pub took: bool,
    /// How things stand after it.
    pub scene: Scene,
}

/// How things stand between two steps.
#[derive(Clone, Default)]
#[cfg_attr(
    not(feature = "pictures"),
    expect(dead_code, reason = "only pictures show all of it")
)]
pub(super) struct Scene {
    /// Each shared value, by name.
    pub values: Vec<(String, String)>,
    /// Who holds what.
    pub holds: Vec<(usize, String)>,
    /// Who cannot go on, why, and for which thread it waits, if for one.
    pub waits: Vec<(usize, String, Option<usize>)>,
    /// Where in the program each thread stands; none that has ended.
    pub stands: Vec<Option<&'static Location<'static>>>,
}

#[derive(Default)]
pub(super) struct Record {
    /// How things stand before the first step.
    pub begin: Scene,
    pub rows: Vec<Row>,
    pub held: Vec<Stretch>,
    pub waits: Vec<Stretch>,
    /// For each thread who started it, and after how many steps.
    pub began: Vec<(usize, usize)>,
    pub ended: Vec<Option<usize>>,
}

impl Record {
    pub fn did(&mut self, (thread, step): (usize, usize), (label, detail): (String, String)) {
        self.rows.push(Row {
            thread,
            step,
            label,
            detail,
            from: None,
            took: false,
            scene: Scene::default(),
        });
    }

    /// The last step took over what this one left.
    pub fn from(&mut self, step: usize, carries: bool) {
        if let Some(row) = self.rows.last_mut()
            && step > 0
        {
            row.from = Some((step, carries));
        }
    }

    pub fn scene(&mut self, scene: Scene) {
        match self.rows.last_mut() {
            Some(row) => row.scene = scene,
            None => self.begin = scene,
        }
    }

    /// `thread` cannot go on between `step` and the next.
    pub fn blocked(&mut self, thread: usize, step: usize, what: String) {
        let mut own = self.waits.iter_mut().rev();
        let last = own.find(|stretch| stretch.thread == thread);
        match last {
            Some(last) if last.to == Some(step) && last.what == what => last.to = Some(step + 1),
            _ => self.waits.push(Stretch {
                thread,
                what,
                from: step,
                to: Some(step + 1),
            }),
        }
    }

    /// `thread` took a lock in this step.
    pub fn took(&mut self, thread: usize, step: usize, what: &str) {
        if let Some(row) = self.rows.last_mut() {
            row.took = true;
        }
        self.held.push(Stretch {
            thread,
            what: what.to_string(),
            from: step.saturating_sub(1),
            to: None,
        });
    }

    /// `thread` lets go of it after this step.
    pub fn let_go(&mut self, thread: usize, step: usize, what: &str) {
        let mut held = self.held.iter_mut().rev();
        let open = |s: &&mut Stretch| s.thread == thread && s.what == what && s.to.is_none();
        if let Some(stretch) = held.find(open) {
            stretch.to = Some(step);
        }
    }
}
