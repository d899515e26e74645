//! How much an answer allocates once everything is warm. One test, so that nothing else runs in this program.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use evenkeel::engine::{Engine, Recogniser};
use evenkeel::frontend::Frontend;
use evenkeel::package::Package;
use evenkeel::window::PerSensor;
use evenkeel_tests::packages;

struct Counting;

static CALLS: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicU64 = AtomicU64::new(0);

// SAFETY: hands everything on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.fetch_add(1, Relaxed);
        BYTES.fetch_add(layout.size() as u64, Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Allocations and bytes of one call of `work`, on average over many, after some to warm up.
fn each(mut work: impl FnMut()) -> (f64, f64) {
    const COUNT: u64 = 100;
    (0..20).for_each(|_| work());
    let before = (CALLS.load(Relaxed), BYTES.load(Relaxed));
    (0..COUNT).for_each(|_| work());
    let per = |after: u64, before: u64| (after - before) as f64 / COUNT as f64;
    (
        per(CALLS.load(Relaxed), before.0),
        per(BYTES.load(Relaxed), before.1),
    )
}

#[test]
fn a_warm_answer_allocates_little() {
    let package = Package::open(&packages::shipped()).unwrap();
    let golden = package.golden().unwrap();
    let window = &golden[0].window;

    let mut frontend = Frontend::new(&package.manifest.sensor_configs()).unwrap();
    let features = frontend.features(window).unwrap();
    let (calls, bytes) = each(|| drop(frontend.features(window).unwrap()));
    println!("frontends: {calls} allocations, {bytes} bytes");
    // The resizing library's weights for each row and column, and the features themselves.
    assert!(calls < 120.0 && bytes < 45e3, "{calls} {bytes}");

    let mut engine = Engine::load(&package).unwrap();
    let valid = PerSensor::all(1.0);
    let (calls, bytes) = each(|| drop(engine.run(&features, valid).unwrap()));
    println!("graphs: {calls} allocations, {bytes} bytes");
    // Six or seven for each operation, the inference library's: its tensors are made anew.
    assert!(calls < 320.0 && bytes < 350e3, "{calls} {bytes}");

    let mut recogniser = Recogniser::new(&package).unwrap();
    let (calls, bytes) = each(|| drop(recogniser.answer(window).unwrap()));
    println!("answer: {calls} allocations, {bytes} bytes");
    assert!(calls < 440.0 && bytes < 400e3, "{calls} {bytes}");
}
