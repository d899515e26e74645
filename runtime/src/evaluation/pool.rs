//! Clips worked on several at a time.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use crate::panics;

/// Does `work` on every item, with one worker per thread that `make` makes in that thread.
///
/// `done` is told in the calling thread, in the order in which items are finished, what came of
/// each: the result, or the message of the panic that it ended in. A worker is not used again after
/// a panic.
///
/// # Errors
/// The error of `make`, when a worker cannot be made, or that of `done`; either ends the work.
pub fn each<W, T: Send, E: Send>(
    items: &[usize],
    threads: NonZeroUsize,
    make: impl Fn() -> Result<W, E> + Sync,
    work: impl Fn(&mut W, usize) -> T + Sync,
    mut done: impl FnMut(usize, Result<T, String>) -> Result<(), E>,
) -> Result<(), E> {
    let next = AtomicUsize::new(0);
    let (send, receive) = mpsc::channel();
    let take_items = |send: &mpsc::Sender<Result<_, E>>| -> Result<(), E> {
        let mut worker = Some(make()?);
        while let Some(&item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
            let mut ready = worker.take().map_or_else(&make, Ok)?;
            let result = panics::catch(|| work(&mut ready, item));
            if result.is_ok() {
                worker = Some(ready);
            }
            // Nobody receives any more when the work has been ended.
            if send.send(Ok((item, result))).is_err() {
                break;
            }
        }
        Ok(())
    };
    let thread_work = |send: mpsc::Sender<Result<_, E>>| {
        if let Err(error) = take_items(&send) {
            let _ = send.send(Err(error));
        }
    };
    thread::scope(|scope| {
        for _ in 0..threads.get().min(items.len()) {
            let send = send.clone();
            scope.spawn(|| thread_work(send));
        }
        drop(send);
        // Moved in, so that the threads notice when this is left early.
        let receive = receive;
        for message in &receive {
            let (item, result) = message?;
            done(item, result)?;
        }
        Ok(())
    })
}
