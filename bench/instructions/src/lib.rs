//! A plugin of user-mode QEMU that counts the instructions a program executes: `qemu-aarch64 -plugin FILE PROGRAM`.
//! It says `instructions: N` on the error output when the program ends.
//!
//! It speaks version 1 of the interface (<https://www.qemu.org/docs/master/devel/tcg-plugins.html>), that of QEMU 6 to 8 (tried: 7.2).
//! Threads that run at the same time may miss each other's instructions; a program that does one thing after the other is
//! counted exactly.

use std::cell::UnsafeCell;
use std::ffi::{c_char, c_int, c_void};
use std::ptr::null_mut;

/// A piece of the program that QEMU translates and runs in one go.
#[repr(C)]
pub struct Block {
    opaque: [u8; 0],
}

/// This plugin, among others that QEMU may have.
type Id = u64;

/// The one operation that there is between blocks: add to a 64-bit number.
const ADD: c_int = 0;

unsafe extern "C" {
    fn qemu_plugin_register_vcpu_tb_trans_cb(id: Id, translated: extern "C" fn(Id, *mut Block));
    fn qemu_plugin_tb_n_insns(block: *const Block) -> usize;
    fn qemu_plugin_register_vcpu_tb_exec_inline(
        block: *mut Block,
        operation: c_int,
        number: *mut c_void,
        value: u64,
    );
    fn qemu_plugin_register_atexit_cb(
        id: Id,
        ended: extern "C" fn(Id, *mut c_void),
        data: *mut c_void,
    );
}

struct Count(UnsafeCell<u64>);

// SAFETY: it is read once, by the thread that ends the program; what the others add until then is QEMU's affair.
unsafe impl Sync for Count {}

static COUNT: Count = Count(UnsafeCell::new(0));

/// The version of the interface.
#[unsafe(no_mangle)]
#[allow(non_upper_case_globals)]
pub static qemu_plugin_version: c_int = 1;

/// QEMU calls it once, before the program begins; 0 is well.
///
/// # Safety
/// `id` is the number that QEMU gave the plugin; the rest is not looked at.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qemu_plugin_install(
    id: Id,
    _system: *const c_void,
    _count: c_int,
    _arguments: *const *const c_char,
) -> c_int {
    // SAFETY: the functions are those of the QEMU that loaded the plugin, and `id` is its own number.
    unsafe {
        qemu_plugin_register_vcpu_tb_trans_cb(id, count_block);
        qemu_plugin_register_atexit_cb(id, report, null_mut());
    }
    0
}

extern "C" fn count_block(_: Id, block: *mut Block) {
    // SAFETY: QEMU gives a block that is valid during this call, and the count lives as long as the program.
    unsafe {
        let instructions = qemu_plugin_tb_n_insns(block) as u64;
        let count = COUNT.0.get().cast();
        qemu_plugin_register_vcpu_tb_exec_inline(block, ADD, count, instructions);
    }
}

extern "C" fn report(_: Id, _: *mut c_void) {
    // SAFETY: the program has ended, and nothing adds any more.
    let count = unsafe { *COUNT.0.get() };
    eprintln!("instructions: {count}");
}
