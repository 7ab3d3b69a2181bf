//! A picture of a kind of one's own: a bounded queue with its free places, in a figure with a chart.
//!
//! `cargo run -p figures --example own_picture [file]`
//!
//! Writes an SVG to the file, `own_picture.svg` unless told otherwise, and says the same in words.

use std::collections::VecDeque;

use figures::palette::{GRID, Given, INK, ink_on};
use figures::{Align, Area, Canvas, Lines, Picture, fitted, picture_methods};

const HEIGHT: f64 = 34.0;

/// The messages in a queue, the next to be taken on the right.
#[derive(Clone)]
pub struct Places {
    messages: VecDeque<String>,
    capacity: usize,
}

picture_methods!(Places, "Places::of(1, &[])");

impl Places {
    /// A queue for at most `capacity` messages, with these in it.
    pub fn of(capacity: usize, messages: &[&str]) -> Places {
        let messages = messages.iter().map(|it| it.to_string()).collect();
        Places { messages, capacity }
    }

    /// What is in it, in words.
    pub fn text(&self) -> String {
        self.sentence()
    }
}

impl Picture for Places {
    type Shared = ();

    fn words(&self) -> String {
        let (used, all) = (self.messages.len(), self.capacity);
        let messages: Vec<&str> = self.messages.iter().map(String::as_str).collect();
        format!("{used} of {all} places taken: {}.", messages.join(", "))
    }

    fn height(&self, _: &(), _: Area) -> f64 {
        HEIGHT
    }

    fn draw(&self, _: &(), canvas: &Canvas, area: Area) {
        let colours = Given::to(self.messages.iter().map(String::as_str));
        let wide = (area.width - 2.0 * Area::MARGIN) / self.capacity as f64;
        let free = self.capacity - self.messages.len();
        let names = self.messages.iter().map(Some);
        let places = std::iter::repeat_n(None, free).chain(names);
        for (place, message) in places.enumerate() {
            let left = area.x + Area::MARGIN + place as f64 * wide;
            let (from, to) = ((left, area.y), (left + wide - 4.0, area.y + HEIGHT));
            let colour = message.map_or(GRID, |message| colours.of(message));
            canvas.rect(from, to, colour, 1.0);
            let ink = message.map_or(INK, |_| ink_on(colour));
            let text = fitted(message.map_or("free", String::as_str), 12.0, wide - 10.0);
            let middle = (left + wide / 2.0 - 2.0, area.y + HEIGHT / 2.0);
            canvas.text(&text, middle, 12.0, Align::Center, ink);
        }
    }
}

fn main() -> std::io::Result<()> {
    let queue = Places::of(5, &["coffee", "tea", "tea"]);
    let filled = [(0.0, 0.0), (1.0, 1.0), (2.0, 3.0), (3.0, 2.0), (4.0, 3.0)];
    let lines = Lines::new("second", "places taken").line("queue", &filled);

    let picture = queue.above(lines).title("A queue of five");
    let file = std::env::args().nth(1);
    std::fs::write(file.as_deref().unwrap_or("own_picture.svg"), picture.svg())?;
    println!("{picture}");
    Ok(())
}
