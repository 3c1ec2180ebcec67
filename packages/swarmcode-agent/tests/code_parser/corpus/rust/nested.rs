fn outer() -> i32 {
    struct Local(i32);
    impl Local {
        fn value(&self) -> i32 { self.0 }
    }
    fn helper() -> Local { Local(1) }
    let closure = |x: i32| x + 1;
    closure(helper().value())
}
