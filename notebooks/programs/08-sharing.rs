//! `Arc<Mutex<T>>` as real code has it: wrapped in a handle.
//!
//! A `Stock` can be cloned, and all clones are handles to one stock. Look at the sum of
//! what three threads deliver, at who frees the stock, and at the settings, which one
//! thread makes for all.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock, Mutex, Weak};
use std::thread::{self, JoinHandle};

static MADE: AtomicU32 = AtomicU32::new(0);

/// Made by whichever thread first asks; the others wait until it is there.
static SETTINGS: LazyLock<String> = LazyLock::new(|| {
    MADE.fetch_add(1, Ordering::Relaxed);
    println!("settings made by {}", my_name());
    String::from("apples")
});

fn my_name() -> String {
    thread::current().name().unwrap_or("unnamed").to_string()
}

#[derive(Default)]
struct Items {
    counts: HashMap<String, u32>,
}

impl Drop for Items {
    fn drop(&mut self) {
        println!("the stock is freed by {}", my_name());
    }
}

/// A handle: a clone is one owner more, not one stock more.
#[derive(Clone, Default)]
struct Stock {
    items: Arc<Mutex<Items>>,
}

impl Stock {
    /// No guard leaves a method, so no caller can hold the lock for long.
    fn add(&self, item: &str, n: u32) -> u32 {
        let mut items = self.items.lock().unwrap();
        let count = items.counts.entry(item.to_string()).or_default();
        *count += n;
        *count
    }
}

fn deliver(stock: Stock, n: u32) -> u32 {
    // One lock for each change and not one for the whole loop, so the deliveries mix.
    let counts = (0..1000).map(|_| stock.add(&SETTINGS, n));
    counts.max().unwrap_or(0)
}

/// Returns while its threads run. A scope could not do that; shared owners can.
fn start(stock: &Stock) -> std::io::Result<Vec<JoinHandle<u32>>> {
    let spawn = |(name, n): (&str, u32)| {
        let stock = stock.clone(); // before the thread: the clone is what moves there
        let named = thread::Builder::new().name(name.to_string());
        named.spawn(move || deliver(stock, n))
    };
    let deliveries = [("ada", 1), ("grace", 2), ("edsger", 3)];
    deliveries.into_iter().map(spawn).collect()
}

fn main() -> std::io::Result<()> {
    let stock = Stock::default();
    // A `Weak` can ask for the value without keeping it alive.
    let watch: Weak<Mutex<Items>> = Arc::downgrade(&stock.items);
    let threads = start(&stock)?;
    println!("main gives up its share");
    drop(stock);

    let highest = threads.into_iter().map(|it| it.join().unwrap()).max();
    println!("highest count seen: {highest:?}");
    println!("is the stock still there? {}", watch.upgrade().is_some());
    assert_eq!(highest, Some(6000)); // no addition was lost
    assert_eq!(MADE.load(Ordering::Relaxed), 1);
    assert!(watch.upgrade().is_none());
    Ok(())
}
