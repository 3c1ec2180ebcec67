pub type Result<T> = std::result::Result<T, Error>;

#[repr(C)]
union Bits {
    float: f32,
    int: u32,
}

pub static GREETING: &str = "hi";
pub const LIMIT: usize = 3;
