pub fn good() -> i32 {
    1
}

pub struct Open {
    a: i32,

pub fn after() -> i32 {
    2
}
