//! What an explored thread has in its hands of something shared: whose execution it is of, and which of
//! the objects there.

use super::memory::View;
use super::object::{Kind, Object};
use super::value::{self, Value};
use super::world::{self, World, with};

/// The name of an object: of one execution, and in it the place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Id {
    run: u64,
    place: usize,
}

impl Id {
    /// The object's place, if it belongs to this execution.
    #[track_caller]
    pub fn of(self, world: &World) -> usize {
        assert!(
            self.run == world.run,
            "something of another execution was used: make what the explored threads share within \
             the explored closure, not outside of it and not in a static"
        );
        self.place
    }

    /// [`Id::of`] for a guard or handle that is dropped: none if its execution is over.
    pub fn still(self, world: &World) -> Option<usize> {
        (self.run == world.run).then_some(self.place)
    }

    pub fn name(self) -> String {
        let name = |world: &mut World| self.still(world).map(|it| world.objects[it].name.clone());
        world::with_any(name)
            .flatten()
            .unwrap_or_else(|| "(of an execution that is over)".to_string())
    }
}

/// Makes an object, with the text of its first value.
#[inline(never)]
#[track_caller]
pub(super) fn make(kind: Kind, name: Option<&str>, value: Option<String>) -> Id {
    with(|world| {
        let noun = kind.noun();
        let same = world
            .objects
            .iter()
            .filter(|other| other.kind.noun() == noun)
            .count();
        let name = name.map_or_else(|| format!("{noun} {}", same + 1), str::to_string);
        world.objects.push(Object {
            name,
            kind,
            value,
            view: View::default(),
            freed: 0,
        });
        Id {
            run: world.run,
            place: world.objects.len() - 1,
        }
    })
}

/// The text of a value, if a report wants it.
pub(super) fn text<T: Value>(value: &T) -> Option<String> {
    world::recording().then(|| value::shown(value))
}

/// The `Debug` of what reports call by a name.
macro_rules! debug_by_name {
    ($name:ident $(<$t:ident>)?) => {
        impl $(<$t>)? std::fmt::Debug for $name $(<$t>)? {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_tuple(stringify!($name)).field(&self.id.name()).finish()
            }
        }
    };
}
pub(super) use debug_by_name;
