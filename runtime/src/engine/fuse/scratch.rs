//! Buffers that an operation needs while it runs, kept from one window to the next.

use std::cell::RefCell;
use std::ops::{Deref, DerefMut};

thread_local! {
    /// What this thread is not using.
    static FREE: RefCell<Vec<Vec<f32>>> = const { RefCell::new(Vec::new()) };
}

/// A buffer that goes back to its thread's others.
pub struct Scratch(Vec<f32>);

/// A buffer of so many times `value`.
pub fn filled(length: usize, value: f32) -> Scratch {
    let mut buffer = FREE.with_borrow_mut(Vec::pop).unwrap_or_default();
    buffer.clear();
    buffer.resize(length, value);
    Scratch(buffer)
}

impl Deref for Scratch {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.0
    }
}

impl DerefMut for Scratch {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // While a thread ends its others may be gone already.
        let _ = FREE.try_with(|free| free.borrow_mut().push(std::mem::take(&mut self.0)));
    }
}
