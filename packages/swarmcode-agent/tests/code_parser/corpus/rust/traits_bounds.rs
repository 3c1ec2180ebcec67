pub unsafe trait Super: Send + Sync + 'static {
    type Item;
    const SIZE: usize;
    fn make() -> Self where Self: Sized;
}

unsafe impl Super for () {
    type Item = u8;
    const SIZE: usize = 0;
    fn make() -> Self {}
}
