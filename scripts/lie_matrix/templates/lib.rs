//! A shared library that holds what its build read.
#[no_mangle]
pub extern "C" fn lies_marker() -> *const u8 {
    concat!("lies: outside ", include_str!("@OUTSIDE@"), ", variable ", env!("LIES_RUST"), "\0").as_ptr()
}

#[no_mangle]
pub extern "C" fn lies_debug() -> i32 {
    if cfg!(lies_flag) { 1 } else { 0 }
}
