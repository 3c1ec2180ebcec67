use std::fmt;

/// Adds.
pub fn add(a: i32, b: i32) -> i32 {
    a + b
}

fn hidden() {
    println!("{}", fmt::format(format_args!("x")));
}
