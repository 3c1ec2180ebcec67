pub trait Shape {
    fn area(&self) -> f64;
    fn name(&self) -> String {
        String::from("shape")
    }
}

pub enum Kind {
    Round,
    Square(f64),
}
