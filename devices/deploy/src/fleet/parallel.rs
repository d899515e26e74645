//! Several boards at the same time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

/// Calls `work` with the items in order, `workers` at a time, and begins with no further one once `goes_on` says no. Returns
/// when all that were begun are done.
pub fn each<T: Sync>(
    items: &[T],
    workers: usize,
    goes_on: impl Fn() -> bool + Sync,
    work: impl Fn(&T) + Sync,
) {
    let next = AtomicUsize::new(0);
    let serve = || {
        while goes_on()
            && let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed))
        {
            work(item);
        }
    };
    thread::scope(|scope| {
        for _ in 0..workers.min(items.len()) {
            scope.spawn(serve);
        }
    });
}

/// The same for all of them, with what comes of each.
pub fn map<T: Sync, R: Send>(items: &[T], workers: usize, work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let places: Vec<(usize, &T)> = items.iter().enumerate().collect();
    let results = Mutex::new(Vec::with_capacity(items.len()));
    each(
        &places,
        workers,
        || true,
        |(place, item)| {
            let result = work(item);
            held(&results).push((*place, result));
        },
    );
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_by_key(|(place, _)| *place);
    results.into_iter().map(|(_, result)| result).collect()
}

/// What a lock keeps; a thread that panicked ends the program later anyway.
pub fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_served_so_many_at_a_time_and_none_after_the_end() {
        let items: Vec<usize> = (0..40).collect();
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let squares = map(&items, 4, |item| {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            thread::sleep(std::time::Duration::from_millis(2));
            now.fetch_sub(1, Ordering::SeqCst);
            item * item
        });
        let expected: Vec<usize> = items.iter().map(|item| item * item).collect();
        assert_eq!(squares, expected);
        assert_eq!(most.into_inner(), 4);

        let done = AtomicUsize::new(0);
        let goes_on = || done.load(Ordering::SeqCst) < 5;
        each(&items, 1, goes_on, |_| {
            done.fetch_add(1, Ordering::SeqCst);
        });
        assert_eq!(done.into_inner(), 5);
    }
}
