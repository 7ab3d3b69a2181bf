//! Pictures whose kind is not known, and what those of each kind share in a figure.

use std::any::Any;
use std::fmt;

use crate::canvas::Canvas;
use crate::picture::{Area, Picture, Shared, Touch};

/// A [`Picture`] of some kind.
pub(crate) trait Piece: Any + Send + Sync {
    fn title(&self) -> Option<&str>;
    fn width(&self) -> u32;
    fn noun(&self) -> Option<&str>;
    fn sentence(&self) -> String;
    fn characters(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
    fn gutter(&self) -> f64;
    fn axis(&self) -> Option<(u64, &str)>;
    fn height(&self, groups: &Groups, area: Area) -> f64;
    fn draw(&self, groups: &Groups, canvas: &Canvas, area: Area);
    /// What those of its kind among `all` share.
    fn group(&self, all: &[&dyn Piece]) -> Box<dyn Group>;
}

impl<P: Picture> Piece for P {
    fn title(&self) -> Option<&str> {
        self.own_title()
    }

    fn width(&self) -> u32 {
        self.own_width()
    }

    fn noun(&self) -> Option<&str> {
        Picture::noun(self)
    }

    fn sentence(&self) -> String {
        Picture::sentence(self)
    }

    fn characters(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Picture::characters(self, f)
    }

    fn gutter(&self) -> f64 {
        Picture::gutter(self)
    }

    fn axis(&self) -> Option<(u64, &str)> {
        Picture::axis(self)
    }

    fn height(&self, groups: &Groups, area: Area) -> f64 {
        Picture::height(self, groups.shared::<P>(), area)
    }

    fn draw(&self, groups: &Groups, canvas: &Canvas, area: Area) {
        Picture::draw(self, groups.shared::<P>(), canvas, area);
    }

    fn group(&self, all: &[&dyn Piece]) -> Box<dyn Group> {
        let own: Vec<&P> = all.iter().filter_map(|piece| of_kind(*piece)).collect();
        Box::new(OfKind::<P>(P::Shared::of(&own)))
    }
}

/// The picture, if it is of this kind.
fn of_kind<P: Picture>(piece: &dyn Piece) -> Option<&P> {
    (piece as &dyn Any).downcast_ref()
}

/// A picture at its place.
pub(crate) struct Placed<'a> {
    pub piece: &'a dyn Piece,
    /// Where its title stands, and how large that is.
    pub top: f64,
    pub title: f64,
    /// Below that.
    pub area: Area,
}

/// What the pictures of one kind share.
pub(crate) trait Group: Any {
    fn fit(&mut self, placed: &[Placed]);
    fn legend(&self, canvas: Option<&Canvas>, at: (f64, f64), width: f64) -> f64;
    fn touch(&self, placed: &[Placed]) -> Option<Touch>;
}

struct OfKind<P: Picture>(P::Shared);

impl<P: Picture> OfKind<P> {
    fn own<'a>(placed: &'a [Placed]) -> Vec<(&'a P, Area)> {
        let own = |it: &'a Placed| Some((of_kind(it.piece)?, it.area));
        placed.iter().filter_map(own).collect()
    }
}

impl<P: Picture> Group for OfKind<P> {
    fn fit(&mut self, placed: &[Placed]) {
        self.0.fit(&Self::own(placed));
    }

    fn legend(&self, canvas: Option<&Canvas>, at: (f64, f64), width: f64) -> f64 {
        self.0.legend(canvas, at, width)
    }

    fn touch(&self, placed: &[Placed]) -> Option<Touch> {
        self.0.touch(&Self::own(placed))
    }
}

/// What a figure's pictures share, for each of their kinds.
pub(crate) struct Groups(Vec<Box<dyn Group>>);

impl Groups {
    pub fn of(pieces: &[&dyn Piece]) -> Groups {
        let mut kinds = Vec::new();
        let mut groups = Vec::new();
        for piece in pieces {
            let kind = (*piece as &dyn Any).type_id();
            if !kinds.contains(&kind) {
                kinds.push(kind);
                groups.push(piece.group(pieces));
            }
        }
        Groups(groups)
    }

    fn shared<P: Picture>(&self) -> &P::Shared {
        let groups = self.0.iter();
        let mut own = groups.filter_map(|it| (&**it as &dyn Any).downcast_ref::<OfKind<P>>());
        &own.next().expect("each kind of picture has its group").0
    }

    pub fn fit(&mut self, placed: &[Placed]) {
        self.0.iter_mut().for_each(|group| group.fit(placed));
    }

    /// The legends of all kinds, below each other, and the height of all.
    pub fn legend(&self, canvas: Option<&Canvas>, (x, y): (f64, f64), width: f64) -> f64 {
        let mut height = 0.0;
        for group in &self.0 {
            height += group.legend(canvas, (x, y + height), width);
        }
        height
    }

    /// The first that is more than a picture: a page has room for one script.
    pub fn touch(&self, placed: &[Placed]) -> Option<Touch> {
        self.0.iter().find_map(|group| group.touch(placed))
    }
}
