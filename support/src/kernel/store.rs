//! Where variables are between cells.
//!
//! evcxr has each cell with variables bring its own copy of this, as the module `evcxr_internal_runtime`: a
//! quarter to a third of what the compiler does for such a cell. So a cell of this kernel uses this one,
//! which is compiled once; it gives the cell no more to compile than what a variable's type makes
//! necessary. Names and words are evcxr's own, and so is what a store consists of: cells that were run
//! before `support` was there have made theirs by evcxr's copy.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::Arc;

/// So a cell tells evcxr that a variable, whose name follows, is lost.
pub const VARIABLE_CHANGED_TYPE: &str = "EVCXR_VARIABLE_CHANGED_TYPE:";
/// And so that a `?` has ended it.
pub const USER_ERROR_OCCURRED: &str = "EVCXR_ERROR_OCCURRED";

type Value = Box<dyn Any>;

/// Variables by their names.
///
/// ```
/// use support::kernel::store::VariableStore;
///
/// let mut store = VariableStore::new();
/// store.put_variable("words", vec!["one", "two"]);
/// assert!(store.check_variable::<Vec<&str>>("words"));
/// assert_eq!(store.take_variable::<Vec<&str>>("words").len(), 2);
/// ```
#[derive(Default)]
pub struct VariableStore {
    variables: HashMap<String, Value>,
}

impl VariableStore {
    pub fn new() -> VariableStore {
        VariableStore::default()
    }

    /// Keeps a variable, in the place of one of the same name.
    pub fn put_variable<T: 'static>(&mut self, name: &str, value: T) {
        self.put(name, Box::new(value));
    }

    fn put(&mut self, name: &str, value: Value) {
        self.variables.insert(name.to_owned(), value);
    }

    /// Whether a variable is of this type, or not there. Tells reader and kernel where it is of another.
    pub fn check_variable<T: 'static>(&mut self, name: &str) -> bool {
        self.check(name, TypeId::of::<T>())
    }

    fn check(&self, name: &str, wanted: TypeId) -> bool {
        let is_other = |value: &Value| (**value).type_id() != wanted;
        if self.variables.get(name).is_some_and(is_other) {
            eprintln!("The type of the variable {name} was redefined, so was lost.");
            println!("{VARIABLE_CHANGED_TYPE}{name}");
            return false;
        }
        true
    }

    /// Gives a variable back.
    ///
    /// # Panics
    /// When it is not there, or of another type.
    pub fn take_variable<T: 'static>(&mut self, name: &str) -> T {
        match self.take(name).downcast() {
            Ok(value) => *value,
            Err(_) => is_of_another_type(name),
        }
    }

    fn take(&mut self, name: &str) -> Value {
        let found = self.variables.remove(name);
        found.unwrap_or_else(|| panic!("Variable '{name}' has gone missing"))
    }

    /// The value of this name, which the first call makes.
    ///
    /// # Panics
    /// When it is of another type.
    pub fn lazy_arc<T: 'static, F: FnOnce() -> T>(&mut self, name: &str, create: F) -> Arc<T> {
        let variables = &mut self.variables;
        let value = variables
            .entry(name.to_owned())
            .or_insert_with(|| Box::new(Arc::new(create())));
        match value.downcast_ref() {
            Some(value) => Arc::clone(value),
            None => is_of_another_type(name),
        }
    }

    /// Takes all variables of another store.
    pub fn merge(&mut self, other: VariableStore) {
        self.variables.extend(other.variables);
    }
}

fn is_of_another_type(name: &str) -> ! {
    panic!("Variable '{name}' is of another type")
}

/// A store for the session, which nobody takes away.
pub fn create_variable_store() -> *mut VariableStore {
    Box::into_raw(Box::default())
}
