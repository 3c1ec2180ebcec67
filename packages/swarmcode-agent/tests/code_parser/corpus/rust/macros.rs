#[macro_export]
macro_rules! square {
    ($x:expr) => {
        $x * $x
    };
}

fn use_it() -> i32 {
    square!(3)
}
