pub async fn fetch(url: &str) -> Result<String, Error> {
    Ok(url.to_string())
}

pub(crate) const unsafe fn raw(ptr: *const u8) -> u8 {
    *ptr
}

extern "C" fn callback(code: i32) {}

extern "C" {
    fn external(code: i32) -> i32;
}
