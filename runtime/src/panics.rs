//! Panics of libraries, caught without a message for developers on the terminal.

use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

thread_local! {
    /// Whether somebody is going to catch a panic of this thread.
    static CAUGHT: Cell<bool> = const { Cell::new(false) };
}

/// What `run` gives, or the message of its panic.
///
/// Whatever `run` was changing is in an unknown state after a panic and must not be used again.
pub fn catch<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    static SILENCER: Once = Once::new();
    SILENCER.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !CAUGHT.get() {
                before(info);
            }
        }));
    });
    let outer = CAUGHT.replace(true);
    let outcome = panic::catch_unwind(AssertUnwindSafe(run));
    CAUGHT.set(outer);
    outcome.map_err(|payload| message(payload.as_ref()))
}

/// Whether a panic of this thread would be caught by [`catch`], so that it is nobody else's business.
#[cfg(feature = "live")]
pub fn is_caught() -> bool {
    CAUGHT.get()
}

/// The first line of what a panic says.
fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or_default();
    text.lines().next().unwrap_or("no reason given").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_its_message_and_the_thread_is_loud_again_afterwards() {
        let caught = catch(|| {
            let inner = catch(|| panic!("inner"));
            assert!(CAUGHT.get(), "the outer one is still to be caught");
            inner.unwrap_or_else(|why| panic!("{why} and outer\nwith details"))
        });
        assert_eq!(caught, Err::<(), _>("inner and outer".to_owned()));
        assert!(!CAUGHT.get());
        assert_eq!(catch(|| 3), Ok(3));
    }
}
