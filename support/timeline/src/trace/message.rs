//! Messages: an arrow from the lane that sent one to the lane that got it.

use super::handle::Trace;
use super::slot::Tag;

impl Trace {
    /// Records that the caller sends a message, at this moment.
    ///
    /// The number tells messages of one label apart; whatever the program has at hand will do (a
    /// counter, an index, an id that travels in the message itself, also to another process).
    /// Call it before the message goes out, else it may arrive before it was sent. A label holds
    /// 24 bytes.
    ///
    /// ```
    /// use std::sync::mpsc::channel;
    /// use timeline::trace::{Kind, Trace};
    ///
    /// let (trace, (sender, receiver)) = (Trace::new(), channel());
    /// trace.sent("job", 7);
    /// sender.send(7).unwrap();
    /// trace.received("job", receiver.recv().unwrap());
    /// let events = trace.events();
    /// assert_eq!((events[0].kind, events[0].message), (Kind::Sent, Some(7)));
    /// assert_eq!((events[1].kind, events[1].message), (Kind::Received, Some(7)));
    /// ```
    pub fn sent(&self, label: &str, message: u64) {
        self.shared.note(Tag::Sent, label, message, None);
    }

    /// Records that the caller has received the message that [`Trace::sent`] was told of, with
    /// the same label and number.
    ///
    /// A picture draws an arrow between the two. If several were sent with one label and number,
    /// they are paired in the order of time.
    ///
    /// ```
    /// let trace = timeline::trace::Trace::new();
    /// trace.sent("token", 1);
    /// trace.received("token", 1);
    /// assert!(trace.timeline().text().contains("1 message"));
    /// ```
    pub fn received(&self, label: &str, message: u64) {
        self.shared.note(Tag::Received, label, message, None);
    }
}
